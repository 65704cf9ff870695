// The checks of lab 6, in the order in which they teach.
import type { Lab } from '../../src/lab.ts';
import { backedUp, expiry, fanOut, idle, pipelined, redisCli } from './flow.ts';
import { binary, commands, cuts, garbage, halfACommand, manyClients } from './framing.ts';

export const protocol: Lab = {
  number: 6,
  folder: '06-protocol',
  title: 'A protocol server with backpressure',
  files: ['server.ts', 'resp.ts'],
  checks: [
    commands,
    cuts,
    binary,
    pipelined,
    expiry,
    fanOut,
    backedUp,
    halfACommand,
    garbage,
    idle,
    redisCli,
    manyClients,
  ],
};
