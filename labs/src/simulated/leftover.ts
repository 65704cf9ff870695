// What a program leaves open in a simulated machine is the matter of one check; for all others it is closed.
import * as sys from 'edgewise/sys';
import type { Simulation } from 'edgewise/testing';

/** Where the numbers of a simulated machine begin, and how many there are at most. */
const FIRST_FD = 2 ** 20;
export const SIMULATED_FDS_MAX = 2 ** 14;

/** Closes all. */
export function closeAll(sim: Simulation): void {
  for (let fd = 0; fd < SIMULATED_FDS_MAX && sim.descriptors.count > 0; fd++) {
    sys.close(FIRST_FD + fd);
  }
}
