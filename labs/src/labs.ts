// The labs, in order.
import { bytes } from '../01-bytes/checks/index.ts';
import { waiting } from '../02-waiting/checks/index.ts';
import { level } from '../03-level/checks/index.ts';
import { edge } from '../04-edge/checks/index.ts';
import { reactor } from '../05-reactor/checks/index.ts';
import { protocol } from '../06-protocol/checks/index.ts';
import { proxy } from '../07-proxy/checks/index.ts';
import { scaleOut } from '../08-scale-out/checks/index.ts';
import type { Lab } from './lab.ts';

export const labs: readonly Lab[] = [
  bytes,
  waiting,
  level,
  edge,
  reactor,
  protocol,
  proxy,
  scaleOut,
];
