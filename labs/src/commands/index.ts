// The commands of `edgewise lab`, in the order of their help.
import { check } from './check.ts';
import type { Command } from './command.ts';
import { doctor } from './doctor.ts';
import { explain } from './explain.ts';
import { list } from './list.ts';
import { pack } from './pack.ts';
import { start } from './start.ts';
import { status } from './status.ts';
import { view } from './view.ts';
import { watch } from './watch.ts';

export const commands: readonly Command[] = [
  list,
  start,
  check,
  watch,
  status,
  explain,
  view,
  pack,
  doctor,
];
