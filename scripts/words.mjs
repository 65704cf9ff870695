// The words of a command line that is read before anything is built or installed: what is wrong with them is
// one line in words of our own. util.parseArgs splits them; `edgewise` itself has src/cli/arguments.ts.
import { parseArgs } from 'node:util';
import { nearestOf } from './nearest.mjs';

/** A mistake on the command line: one line, and exit code 2. */
export class WordsError extends Error {}

/**
 * Reads a command line.
 *
 * @param {readonly string[]} argv
 * @param {Record<string, { value?: string, parse?: (text: string) => unknown, takes?: string }>} options - by
 *   name, without `--`; `value` is the placeholder of the help, absent for a switch. `parse` answers
 *   undefined to a text that is no value, and `takes` says what is one.
 * @returns {{ words: string[], values: Record<string, unknown>, isHelp: boolean }}
 * @throws WordsError - an unknown or repeated option, a missing or superfluous value, one that is none.
 */
export function readWords(argv, options) {
  const types = Object.fromEntries(
    Object.entries(options).map(([name, { value }]) => [
      name,
      { type: value === undefined ? 'boolean' : 'string' },
    ]),
  );
  const { tokens } = parseArgs({
    args: [...argv],
    options: { ...types, help: { type: 'boolean', short: 'h' } },
    allowPositionals: true,
    strict: false,
    tokens: true,
  });
  const words = tokens.filter(({ kind }) => kind === 'positional').map(({ value }) => value);
  const values = {};
  for (const token of tokens.filter(({ kind }) => kind === 'option')) {
    const value = readValue(token, options);
    if (token.name in values) throw new WordsError(`${token.rawName} was given twice`);
    values[token.name] = value;
  }
  return { words, values, isHelp: values.help === true };
}

function readValue({ name, rawName, value, inlineValue }, options) {
  const known = { help: {}, ...options };
  if (!Object.hasOwn(known, name)) {
    const nearest = nearestOf(name, Object.keys(known));
    const hint = nearest === undefined ? '' : `; did you mean --${nearest}?`;
    throw new WordsError(`unknown option '${rawName}'${hint}`);
  }
  const { value: placeholder, parse, takes } = known[name];
  if (placeholder === undefined) {
    if (value !== undefined) throw new WordsError(`${rawName} takes no value`);
    return true;
  }
  // What looks like an option was forgotten to be given a value; a negative number was not.
  if (value === undefined || (!inlineValue && /^-\D/.test(value))) {
    throw new WordsError(`${rawName} needs a value: ${rawName} ${placeholder}`);
  }
  const parsed = parse === undefined ? value : parse(value);
  if (parsed === undefined) throw new WordsError(`${rawName} takes ${takes}, not '${value}'`);
  return parsed;
}

/** A `parse` and what it takes: a whole number. */
export function whole(min, max) {
  const parse = (text) => {
    const value = Number(text);
    return /^\d+$/.test(text) && value >= min && value <= max ? value : undefined;
  };
  return { parse, takes: `a whole number from ${min} to ${max}` };
}

/** The same for several, with commas between them. */
export function listOf({ parse, takes }) {
  const parseAll = (text) => {
    const all = text.split(',').map(parse);
    return all.includes(undefined) ? undefined : all;
  };
  return { parse: parseAll, takes: takes.replace(/^a (.+?)number/, '$1numbers') };
}
