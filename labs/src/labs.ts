// The labs, in order.
import { level } from '../03-level/checks/index.ts';
import { edge } from '../04-edge/checks/index.ts';
import type { Lab } from './lab.ts';

export const labs: readonly Lab[] = [level, edge];
