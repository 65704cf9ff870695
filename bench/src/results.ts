// The file that a run writes, and its way back: what another program wrote, or an editor broke, is
// refused with the place of the first thing that is wrong.
import { readFileSync, writeFileSync } from 'node:fs';
import type { Results } from './model.ts';

const FORMAT = 'edgewise-bench/1';

/** A file is not what it should be: one line, and exit code 2. */
export class ResultsError extends Error {}

export function writeResults(path: string, results: Results): void {
  writeFileSync(path, `${JSON.stringify(results, null, 1)}\n`);
}

/** @throws ResultsError - the file cannot be read, is no JSON, or no results of this suite. */
export function readResults(path: string): Results {
  try {
    return parseResults(JSON.parse(readFileSync(path, 'utf8')));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ResultsError(`${path}: ${reason}`, { cause: error });
  }
}

/** @throws ResultsError - with the path of what is wrong: `cases[0].setting`. */
export function parseResults(value: unknown): Results {
  const format = isObject(value) ? value.format : undefined;
  if (format !== FORMAT) {
    throw new ResultsError(`not a file of this suite: its format is not '${FORMAT}'`);
  }
  check(RESULTS, value, '');
  return value as Results;
}

/** Checks a value at a path, and throws when it is wrong. */
type Check = (value: unknown, at: string) => void;
type Shape = Check | { readonly [name: string]: Shape };

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function wrong(at: string, expected: string): ResultsError {
  return new ResultsError(`${at.replace(/^\./, '')} is not ${expected}`);
}

function check(shape: Shape, value: unknown, at: string): void {
  if (typeof shape === 'function') {
    shape(value, at);
    return;
  }
  if (!isObject(value)) throw wrong(at, 'an object');
  for (const [name, inner] of Object.entries(shape)) check(inner, value[name], `${at}.${name}`);
}

const text: Check = (value, at) => {
  if (typeof value !== 'string') throw wrong(at, 'a text');
};
const number: Check = (value, at) => {
  if (typeof value !== 'number' || !Number.isFinite(value)) throw wrong(at, 'a number');
};
const flag: Check = (value, at) => {
  if (typeof value !== 'boolean') throw wrong(at, 'true or false');
};
const textOrNumber: Check = (value, at) => {
  if (typeof value !== 'string') number(value, at);
};

function optional(shape: Shape): Check {
  return (value, at) => {
    if (value !== undefined) check(shape, value, at);
  };
}

function list(shape: Shape): Check {
  return (value, at) => {
    if (!Array.isArray(value)) throw wrong(at, 'a list');
    for (const [index, element] of value.entries()) check(shape, element, `${at}[${index}]`);
  };
}

function map(shape: Shape): Check {
  return (value, at) => {
    if (!isObject(value)) throw wrong(at, 'an object');
    for (const [name, element] of Object.entries(value)) check(shape, element, `${at}.${name}`);
  };
}

function oneOf(...words: readonly string[]): Check {
  return (value, at) => {
    if (!words.includes(value as string)) throw wrong(at, `one of ${words.join(', ')}`);
  };
}

const LOAD: Shape = { steal: number, otherLoad: number, runQueue: number };

const RESULTS: Shape = {
  startedAt: text,
  seconds: number,
  command: text,
  baseline: optional({ folder: text, version: text }),
  machine: {
    kernel: text,
    cpu: text,
    cpus: number,
    node: text,
    libuv: text,
    ioUring: text,
    edgewise: text,
    pinning: text,
  },
  load: optional({ before: optional(LOAD), after: optional(LOAD) }),
  contenders: list({
    name: text,
    label: text,
    family: oneOf('edgewise', 'javascript', 'native'),
    version: text,
    baselineOf: optional(text),
  }),
  missing: list({ name: text, reason: text, install: text }),
  scenarios: list({
    name: text,
    title: text,
    operation: text,
    metrics: list({
      name: text,
      label: text,
      unit: text,
      better: oneOf('lower', 'higher'),
      isSpreadShown: optional(flag),
    }),
    merit: text,
    bases: list(text),
    axis: optional(text),
  }),
  cases: list({
    scenario: text,
    setting: map(textOrNumber),
    plan: optional({
      contenders: list(text),
      rounds: number,
      isQuick: flag,
      seconds: optional(number),
      warmupSeconds: optional(number),
      settleSeconds: optional(number),
    }),
    measurements: list({
      contender: text,
      rounds: list({
        values: map(number),
        latency: optional(text),
        retried: optional(text),
        disturbance: optional({
          steal: number,
          otherLoad: number,
          runQueueDelay: optional(number),
        }),
      }),
      once: map(number),
      ioUrings: optional(number),
      syscalls: optional(map(number)),
    }),
    failures: map(text),
  }),
};
