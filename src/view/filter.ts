// The filter of a viewer: words that all have to fit, such as `fd:9 kind:call res:EAGAIN`.
import { callOf, KIND_NAMES, Kind } from '../trace/kinds.ts';
import type { StreamModel, TraceModel } from './model.ts';

/** Whether an event of a stream fits. */
export type EventFilter = (stream: StreamModel, at: number) => boolean;

/** What was typed is no filter. `message` says why, in one sentence. */
export class FilterError extends Error {
  override readonly name = 'FilterError';
}

type Term = (value: string, model: TraceModel) => EventFilter;

const COMPARISONS: Readonly<Record<string, (result: number, limit: number) => boolean>> = {
  '': (result, limit) => result === limit,
  '<': (result, limit) => result < limit,
  '<=': (result, limit) => result <= limit,
  '>': (result, limit) => result > limit,
  '>=': (result, limit) => result >= limit,
};

const TERMS: Readonly<Record<string, Term>> = {
  fd: (value) => {
    if (!/^\d+$/.test(value)) throw new FilterError(`fd:${value}: a number is needed, as in fd:9`);
    const fd = Number(value);
    return ({ columns, lanes, laneAt }, at) =>
      columns.fd[at] === fd || lanes[laneAt(at)]?.fd === fd;
  },
  lane: (value, { streams }) => {
    if (!streams.some(({ lanes }) => lanes.some(({ key }) => key === value))) {
      throw new FilterError(`lane:${value}: no lane of this trace; they are as in lane:3.0`);
    }
    return ({ lanes, laneAt }, at) => lanes[laneAt(at)]?.key === value;
  },
  kind: (value) => {
    const kinds = namedBy('kind', value, KIND_NAMES, 'call, report, handler-*');
    return ({ columns }, at) => kinds.has(columns.kind[at] as number);
  },
  call: (value, { trace }) => {
    const calls = namedBy('call', value, trace.calls, 'recv, send*');
    return ({ columns }, at) =>
      columns.kind[at] === Kind.Call && calls.has(callOf(columns.b[at] as number).call);
  },
  res: (value, { trace }) => {
    const [, sign = '', text = ''] = /^([<>]=?)?(-?\d+|E[A-Z0-9]+)$/.exec(value) ?? [];
    const limit = /^E/.test(text) ? errorOf(text, trace.errors) : Number(text);
    if (text === '') {
      throw new FilterError(`res:${value}: a result is as in res:0, res:<0, res:>=512, res:EAGAIN`);
    }
    const compare = COMPARISONS[sign];
    return ({ columns }, at) =>
      columns.kind[at] === Kind.Call && compare?.(columns.a[at] as number, limit) === true;
  },
  lint: (value) => {
    const pattern = patternOf(value);
    return ({ columns, stream }, at) =>
      columns.kind[at] === Kind.Lint && pattern.test(stream.texts[columns.a[at] as number] ?? '');
  },
};
const TEXTS: ReadonlySet<number> = new Set([Kind.Mark, Kind.Label, Kind.Lint]);
const KEYS = Object.keys(TERMS);

/**
 * The filter that a text says: words that all have to fit. `fd:9`, `lane:3.0`, `kind:call`, `call:recv`,
 * `res:<0`, `res:EAGAIN`, `lint:*`; of names, `*` is any part. A word without a colon is looked for in
 * labels, marks and lints, and in the names of kinds and calls; in quotes it may have spaces and colons.
 *
 * @throws FilterError - it says nothing that the trace could have.
 */
export function filterOf(text: string, model: TraceModel): EventFilter {
  const filters = wordsOf(text).map((word) => filterOfWord(word, model));
  return (stream, at) => filters.every((fits) => fits(stream, at));
}

// Text in quotes keeps its first one, which sets it apart from a term.
function wordsOf(text: string): string[] {
  const words = [...text.matchAll(/("[^"]*)"|(\S+)/g)].map(
    ([, quoted, word]) => quoted ?? word ?? '',
  );
  const open = words.find((word, at) => word.startsWith('"') && !text.includes(`${words[at]}"`));
  if (open !== undefined)
    throw new FilterError(`${open}: the quotation mark at its end is missing`);
  return words;
}

function filterOfWord(word: string, model: TraceModel): EventFilter {
  const [, key, value = ''] = /^(\w+):(.*)$/.exec(word) ?? [];
  if (key === undefined) return textFilter(word.replace(/^"/, '').toLowerCase(), model);
  const term = TERMS[key];
  if (term === undefined || value === '') {
    const what = term === undefined ? `${key}: is no filter` : `${key}: needs a value`;
    throw new FilterError(`${what}; there are ${KEYS.join(', ')}`);
  }
  return term(value, model);
}

function textFilter(text: string, { trace }: TraceModel): EventFilter {
  const has = (name = '') => name.toLowerCase().includes(text);
  const kinds = KIND_NAMES.map(has);
  const calls = trace.calls.map(has);
  return ({ columns, lanes, laneAt, stream }, at) => {
    const kind = columns.kind[at] as number;
    if (kinds[kind] || has(lanes[laneAt(at)]?.label)) return true;
    if (kind === Kind.Call) return calls[callOf(columns.b[at] as number).call] === true;
    return TEXTS.has(kind) && has(stream.texts[columns.a[at] as number]);
  };
}

/** The numbers of the names that a pattern fits. */
function namedBy(key: string, value: string, names: readonly string[], known: string): Set<number> {
  const pattern = patternOf(value);
  const numbers = [...names.keys()].filter((number) => pattern.test(names[number] ?? ''));
  if (numbers.length === 0) throw new FilterError(`${key}:${value}: there is none; try ${known}`);
  return new Set(numbers);
}

function patternOf(value: string): RegExp {
  const parts = value.split('*').map((part) => part.replaceAll(/[^\w]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 'i');
}

function errorOf(name: string, errors: Readonly<Record<string, string>>): number {
  const number = Object.keys(errors).find((each) => errors[each] === name);
  if (number === undefined) throw new FilterError(`res:${name}: there is no error of this name`);
  return -Number(number);
}
