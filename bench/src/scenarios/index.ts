// All scenarios, in the order in which they run.
import type { Scenario } from './scenario.ts';
import { tasks } from './tasks.ts';
import { tcp } from './tcp.ts';
import { transfer } from './transfer.ts';
import { watching } from './watching.ts';

export const scenarios: readonly Scenario[] = [...tcp, ...transfer, ...tasks, ...watching];
