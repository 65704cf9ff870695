// What a failing simulated run says, from what `simulate` has thrown.
import { basename } from 'node:path';
import type { FailedRun } from 'edgewise/testing';
import { framesOf } from '../exam/exception.ts';
import type { Values } from '../lab.ts';
import type { Verdict } from './run.ts';

type Program = Readonly<Record<string, unknown>>;

interface Failed extends Pick<NodeJS.ErrnoException, 'code' | 'stack' | 'message'> {
  readonly why?: string;
  readonly got?: string;
  readonly values?: Values;
  readonly simulation?: FailedRun;
}

/** `simulate` puts it, and what follows it, behind the message. */
const HEADING = /\n\n(?:seed \d+, )?run \d+ of [\d,]+; [\d,]+ unkind .*$/s;

/** The reason is the check's, or that of the simulation: ERR_SIM_DEADLOCK. @param file - the student's. */
export function verdictOf(error: unknown, file: string, program: Program): Verdict {
  const { why, values = {}, code, simulation, message = '' } = error as Failed;
  const said = message.replace(HEADING, '');
  const common = { isRight: false, ...(simulation && storyOf(simulation, message)) } as const;
  if (why !== undefined) return { ...common, why, got: said.slice(`${why}: `.length), values };
  if (code === 'ERR_SIM_DEADLOCK') return { ...common, why: 'stuck', got: said };
  const name = missingExport(error, program);
  if (name !== undefined) {
    return { ...common, why: 'not exported', got: said, values: { name, file: basename(file) } };
  }
  return { ...common, got: exceptionOf(error) };
}

function storyOf(simulation: FailedRun, message: string) {
  const { story, trace, choices, unkindCount } = simulation;
  const heading = unkindCount === 0 ? 'its calls:' : 'its calls, and in brackets what was unkind:';
  const lines = story.split('\n').map((line) => line.replace(/: (\d{7})$/, ': descriptor $1'));
  const doubt = message.includes('\nit does not fail again')
    ? ['it does not fail again by the same choices']
    : [];
  return {
    story: [heading, ...lines, ...doubt].join('\n'),
    ...(unkindCount > 0 && { choices }),
    ...(trace !== undefined && { trace }),
  };
}

function exceptionOf(error: unknown): string {
  if (!(error instanceof Error)) return `it threw ${String(error)}`;
  const { stack = '', name, message } = error;
  const said = `${name}: ${message.replace(HEADING, '')}`;
  return [said, ...framesOf(stack, process.cwd())].join('\n');
}

// A name that the check has called, and that the student's file does not have.
function missingExport(error: unknown, program: Program): string | undefined {
  if (!(error instanceof TypeError)) return undefined;
  const [, name = ''] = /(\w+) is not a (?:function|constructor)/.exec(error.message) ?? [];
  const frame = (error.stack ?? '').split('\n').find((line) => /^\s+at /.test(line)) ?? '';
  const isOfCheck = !frame.includes(`${process.cwd()}/`) || frame.includes('/node_modules/');
  return name !== '' && isOfCheck && !Object.hasOwn(program, name) ? name : undefined;
}
