// The formats by name: pure functions of a result.
import type { LabResult } from '../result.ts';
import { actionsOf } from './actions.ts';
import { classroom50Of } from './classroom50.ts';
import { exercismOf } from './exercism.ts';
import { gradescopeOf } from './gradescope.ts';
import { junitOf } from './junit.ts';
import { prairielearnOf } from './prairielearn.ts';
import { type TextOptions, textOf } from './text.ts';

export { actionsSummaryOf } from './actions.ts';

export interface FormatOptions extends TextOptions {
  /** The environment of the grader. */
  readonly env: NodeJS.ProcessEnv;
}

type Format = (result: LabResult, options: FormatOptions) => string;

export const formats = {
  text: textOf,
  json: (result) => `${JSON.stringify(result, undefined, 2)}\n`,
  gradescope: gradescopeOf,
  classroom50: (result, { env }) => classroom50Of(result, env),
  prairielearn: prairielearnOf,
  exercism: exercismOf,
  junit: junitOf,
  actions: actionsOf,
} as const satisfies Record<string, Format>;

export type FormatName = keyof typeof formats;
