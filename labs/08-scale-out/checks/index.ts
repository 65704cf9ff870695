// The checks of lab 8, in the order in which they teach.
import type { Lab } from '../../src/lab.ts';
import { burst, crash, descriptors, stopping } from './ending.ts';
import { remeasured, report } from './report.ts';
import { busyThread, oneThread, protocol, spread } from './serving.ts';

export const scaleOut: Lab = {
  number: 8,
  folder: '08-scale-out',
  title: 'Scale out, and compare',
  files: ['pool', 'loop', 'report'],
  checks: [
    protocol,
    oneThread,
    spread,
    busyThread,
    stopping,
    crash,
    descriptors,
    burst,
    report,
    remeasured,
  ],
};
