// The labs, in order.
import type { Lab } from './lab.ts';

export const labs: readonly Lab[] = [];
