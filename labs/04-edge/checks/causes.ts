// What every check of lab 4 may have to say.
import { lineCauses } from '../../src/exam/lines.ts';
import type { Cause } from '../../src/lab.ts';

export const edgeCauses = {
  mixed: lineCauses.mixed,
  stuck: {
    why: 'The client waits for its answer, and the program for an edge. An edge comes when something changes, and nothing changes any more: it has come before.',
    next: 'print each event, and what each call returned: the last line is where something was left',
    read: 'docs/semantics.md "Edge reports a readable descriptor once, until new data arrives."',
  },
} as const satisfies Record<string, Cause>;
