// The labs, in order.
import { level } from '../03-level/checks/index.ts';
import { reactor } from '../05-reactor/checks/index.ts';
import { protocol } from '../06-protocol/checks/index.ts';
import type { Lab } from './lab.ts';

export const labs: readonly Lab[] = [level, reactor, protocol];
