// What a caller passes in as `lint`, and what it gets.
import { EdgewiseError, invalidType, invalidValue, outOfRange } from '../../errors.ts';
import { nearestOf } from '../../nearest.ts';
import type { TraceEvent } from '../../trace/events.ts';
import { checkFunction } from '../../validate.ts';
import { LINT_CODES, type LintCode } from './codes.ts';

/** A mistake that was found: docs/lints.md. */
export interface LintFinding {
  /** Which mistake. */
  readonly code: LintCode;
  /** The descriptor; undefined for EDGEWISE_UNKNOWN, which is of none. */
  readonly fd: number | undefined;
  /** What `trace.label` has called it; undefined: nothing, or there is no trace. */
  readonly label: string | undefined;
  /** The class of its handler, or else the name of the handler's function. */
  readonly handler: string | undefined;
  /** The line that registered it: `at file:line:column`. */
  readonly site: string | undefined;
  /** What is wrong, with the descriptor as its subject. */
  readonly what: string;
  /** What to do. */
  readonly fix: string;
  /** Its last events, oldest first; none without a trace. */
  readonly events: readonly TraceEvent[];
}

/** Options of `new Reactor({ lint })`. */
export interface LintOptions {
  /** What is looked for; default: everything. */
  readonly only?: readonly LintCode[] | undefined;
  /** What is left out. */
  readonly ignore?: readonly LintCode[] | undefined;
  /** Gets each finding, in place of a process warning. */
  readonly on?: ((finding: LintFinding) => void) | undefined;
  /** Hands each finding to `onError` as well, as a {@link LintError}, in place of a process warning. */
  readonly throw?: boolean | undefined;
  /** From which time on a call of a handler is EDGEWISE_SLOW_HANDLER: milliseconds, default 50. */
  readonly slowHandlerMs?: number | undefined;
}

/** What `options.lint.throw` hands to `onError`; its `code` is `'ERR_LINT'`. */
export class LintError extends EdgewiseError {
  /** What was found. */
  readonly finding: LintFinding;

  /** @internal */
  constructor(message: string, finding: LintFinding) {
    super('ERR_LINT', message);
    this.finding = finding;
  }
}

/** Options that are checked. */
export interface LintSettings {
  readonly codes: ReadonlySet<LintCode>;
  readonly on: ((finding: LintFinding) => void) | undefined;
  readonly throws: boolean;
  readonly slowHandlerMs: number;
}

const SLOW_HANDLER_MS = 50;

/** The names of {@link LintOptions}. */
export const LINT_OPTION_NAMES = Object.keys({
  only: true,
  ignore: true,
  on: true,
  throw: true,
  slowHandlerMs: true,
} satisfies Record<keyof LintOptions, true>);

/** For a program as it is: its reactors, but those with `lint: false`. */
const IS_DEFAULT = process.env.EDGEWISE_LINT === '1';

/**
 * @returns undefined: no lint.
 * @throws TypeError, RangeError - wrong options.
 */
export function lintSettings(lint: unknown = IS_DEFAULT): LintSettings | undefined {
  if (lint === false) return undefined;
  const isObject = typeof lint === 'object' && lint !== null;
  if (lint !== true && !isObject) {
    throw invalidType('options.lint', 'a boolean or an object', lint);
  }
  const options: LintOptions = isObject ? lint : {};
  const { only, ignore, on, throw: throws = false, slowHandlerMs = SLOW_HANDLER_MS } = options;
  const wanted = only === undefined ? LINT_CODES : checkCodes('options.lint.only', only);
  const ignored = ignore === undefined ? [] : checkCodes('options.lint.ignore', ignore);
  if (on !== undefined) checkFunction('options.lint.on', on);
  if (typeof throws !== 'boolean') throw invalidType('options.lint.throw', 'a boolean', throws);
  checkPositive('options.lint.slowHandlerMs', slowHandlerMs);
  const codes = new Set(wanted.filter((code) => !ignored.includes(code)));
  return { codes, on, throws, slowHandlerMs };
}

function checkCodes(name: string, value: unknown): readonly LintCode[] {
  if (!Array.isArray(value)) throw invalidType(name, 'an array of codes', value);
  return value.map((code: unknown, at) => checkCode(`${name}[${at}]`, code));
}

function checkCode(name: string, value: unknown): LintCode {
  if (typeof value !== 'string') throw invalidType(name, 'a code', value);
  const found = LINT_CODES.find((code) => code === value);
  if (found !== undefined) return found;
  const nearest = nearestOf(value, LINT_CODES);
  const hint = nearest === undefined ? '' : ` (is '${nearest}' meant?)`;
  throw invalidValue(name, `a code of docs/lints.md${hint}`, value);
}

function checkPositive(name: string, value: unknown): void {
  if (typeof value !== 'number') throw invalidType(name, 'a number', value);
  if (!(value > 0)) throw outOfRange(name, 'a number above 0', value);
}
