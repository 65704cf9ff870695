// A process that is to be short of descriptors limits itself when its modules are loaded, since Node opens
// dozens of these at once. prlimit(1).
import { execFileSync } from 'node:child_process';

/** From here on no descriptor gets a number of `max` or above: EMFILE. */
export function limitDescriptors(max) {
  execFileSync('prlimit', ['--pid', String(process.pid), `--nofile=${max}`]);
}
