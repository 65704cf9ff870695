// The checks of lab 8, in the order in which they teach.
import type { Lab } from '../../src/lab.ts';
import { crash, stopping } from './ending.ts';
import { descriptors, oneThread, reusePort, spread } from './owners.ts';
import { remeasured, report } from './report.ts';
import { busyThread, protocol } from './serving.ts';

export const scaleOut: Lab = {
  number: 8,
  folder: '08-scale-out',
  title: 'Scale out, and compare',
  files: ['pool.ts', 'loop.ts', 'report.ts', 'report.json'],
  checks: [
    protocol,
    oneThread,
    spread,
    busyThread,
    descriptors,
    reusePort,
    stopping,
    crash,
    report,
    remeasured,
  ],
};
