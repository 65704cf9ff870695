// The options of a command as one table: split into tokens by node:util's parseArgs, checked here in words of
// our own, and printed by --help. Every mistake of the caller is a UsageError, which main.ts turns into one
// line and exit code 2.
import { type ParseArgsConfig, parseArgs } from 'node:util';
import { nearestOf } from '../nearest.ts';
import { columnLines } from './columns.ts';

/** One row of a command's table of options. */
export interface OptionRow {
  /** A letter that says the same: `'o'` for `-o`. */
  readonly short?: string;
  /** The placeholder of the value in the help: `'N'`, `'level|edge'`; absent for a switch. */
  readonly value?: string;
  readonly help: string;
  /** The text of the value when the option is not given. */
  readonly default?: string;
}

export type OptionTable = Readonly<Record<string, OptionRow>>;

/** A word that a command takes besides options. */
export interface Operand {
  /** In capitals, as the help has it: `'FILE'`. `options.text` has its value under this name. */
  readonly name: string;
  /** It may be left out. */
  readonly isOptional?: true;
  /**
   * What follows it, as the help has it: `'ARGS'`. All of it goes to `options.rest`, options as well.
   * Only the last one has it.
   */
  readonly rest?: string;
}

/**
 * A mistake on the command line; the message is one line, without the program's name. main.ts adds which
 * help to read.
 */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  /** What the help is asked about, where it is not the command alone: `'lab check'`. */
  topic?: string;
}

/** The words are right, and what they name is not: a file, a process. No help knows more of it. */
export class InputError extends UsageError {}

/** The options that were given, as text; each getter checks and converts one of them. */
export class Options {
  /** What follows the operand, of a command that takes more words. */
  readonly rest: readonly string[];
  readonly #given: ReadonlyMap<string, string>;

  constructor(given: ReadonlyMap<string, string>, rest: readonly string[] = []) {
    this.#given = given;
    this.rest = rest;
  }

  /** Whether a switch was given, or an option has a value. */
  has(name: string): boolean {
    return this.#given.has(name);
  }

  /** @throws UsageError - the option was not given and has no default. */
  text(name: string): string {
    const value = this.#given.get(name);
    if (value === undefined) throw new UsageError(`${labelOf(name)} is required`);
    return value;
  }

  /** A number from `min` to `max`, both included. */
  number(name: string, min: number, max: number): number {
    return parseNumber(name, this.text(name), min, max);
  }

  /** The same, in seconds, with or without their sign: `10` or `10s`. */
  seconds(name: string, min: number, max: number): number {
    return parseNumber(name, this.text(name).replace(/s$/, ''), min, max);
  }

  /** A whole number from `min` to `max`, both included. */
  integer(name: string, min: number, max: number): number {
    return parseInteger(name, this.text(name), min, max);
  }

  /** Whole numbers with commas between them. */
  integers(name: string, min: number, max: number): number[] {
    return this.texts(name).map((text) => parseInteger(name, text, min, max));
  }

  /** Words with commas between them. */
  texts(name: string): string[] {
    return this.text(name).split(',');
  }

  /** One of `choices`. */
  choice<Choice extends string>(name: string, choices: readonly Choice[]): Choice {
    const text = this.text(name);
    const found = choices.find((choice) => choice === text);
    if (found === undefined) {
      throw new UsageError(`--${name} takes one of ${choices.join(', ')}, not '${text}'`);
    }
    return found;
  }
}

// Options are in lower case, and operands are not.
function labelOf(name: string): string {
  return name === name.toUpperCase() ? name : `--${name}`;
}

function parseNumber(name: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (!/^[0-9.]+$/.test(text) || !(value >= min && value <= max)) {
    throw new UsageError(`--${name} takes a number from ${min} to ${max}, not '${text}'`);
  }
  return value;
}

function parseInteger(name: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (!/^[0-9]+$/.test(text) || value < min || value > max) {
    throw new UsageError(
      `${labelOf(name)} takes a whole number from ${min} to ${max}, not '${text}'`,
    );
  }
  return value;
}

/**
 * Reads a command line.
 *
 * @param table - the options that are allowed, without `--`; `help` is added.
 * @param operands - the words that may be there besides, in their order.
 * @throws UsageError - an unknown or repeated option, a missing or superfluous value, a stray word.
 */
export function parseOptions(
  table: OptionTable,
  argv: readonly string[],
  operands: readonly Operand[] = [],
): Options {
  const config = configOf(table);
  // What comes behind the last operand is another program's, and is not looked at.
  const end = operands.at(-1)?.rest === undefined ? argv.length : endOfOwn(config, argv, operands);
  const given = new Map<string, string>();
  const names = operands.map(({ name }) => name);
  for (const token of tokensOf(config, argv.slice(0, end))) {
    if (token.kind === 'option-terminator') continue;
    if (token.kind === 'option') checkOption(token, table);
    const name = token.kind === 'option' ? token.name : names.shift();
    if (name === undefined) throw new UsageError(`'${token.value}' is one word too many`);
    if (given.has(name)) throw new UsageError(`${labelOf(name)} was given twice`);
    given.set(name, token.value ?? '');
  }
  for (const [name, row] of Object.entries(table)) {
    if (row.default !== undefined && !given.has(name)) given.set(name, row.default);
  }
  return new Options(given, argv.slice(end));
}

function configOf(table: OptionTable): ParseArgsConfig {
  const options: NonNullable<ParseArgsConfig['options']> = {
    help: { type: 'boolean', short: 'h' },
  };
  for (const [name, { value, short }] of Object.entries(table)) {
    const type = value === undefined ? 'boolean' : 'string';
    options[name] = short === undefined ? { type } : { type, short };
  }
  return { options, allowPositionals: true };
}

function tokensOf(config: ParseArgsConfig, args: readonly string[]) {
  return parseArgs({ ...config, args: [...args], strict: false, tokens: true }).tokens;
}

// Behind the last of the words that are neither options nor values of them.
function endOfOwn(
  config: ParseArgsConfig,
  argv: readonly string[],
  operands: readonly Operand[],
): number {
  const words = tokensOf(config, argv).filter(({ kind }) => kind === 'positional');
  const last = words[operands.length - 1];
  return last === undefined ? argv.length : last.index + 1;
}

interface OptionToken {
  readonly name: string;
  /** As it was written: `--port`, `-o`. */
  readonly rawName: string;
  readonly value: string | undefined;
  /** The value was written with `=`, or behind the letter. */
  readonly inlineValue: boolean | undefined;
}

/** @throws UsageError - it is unknown, lacks its value, or has one that it does not take. */
function checkOption({ name, rawName, value, inlineValue }: OptionToken, table: OptionTable): void {
  const row = name === 'help' ? { help: '' } : Object.hasOwn(table, name) ? table[name] : undefined;
  if (row === undefined) {
    const nearest = nearestOf(name, ['help', ...Object.keys(table)]);
    throw unknownWord('option', rawName, nearest && `--${nearest}`);
  }
  if (row.value === undefined && value !== undefined) {
    throw new UsageError(`${rawName} takes no value`);
  }
  // What looks like an option was forgotten to be given a value; a negative number was not.
  const isForgotten = value === undefined || (!inlineValue && /^-\D/.test(value));
  if (row.value !== undefined && isForgotten) {
    throw new UsageError(`${rawName} needs a value: ${rawName} ${row.value}`);
  }
}

/** `unknown option '--prt'; did you mean --port?`. */
export function unknownWord(kind: string, word: string, nearest: string | undefined): UsageError {
  const hint = nearest === undefined ? '' : `; did you mean ${nearest}?`;
  return new UsageError(`unknown ${kind} '${word}'${hint}`);
}

/** What a command takes, for its help: `'[options] SCRIPT [ARGS…]'`. */
export function usageOf(operands: readonly Operand[] = []): string {
  const words = operands.map(({ name, isOptional, rest }) => {
    const word = isOptional === true ? `[${name}]` : name;
    return rest === undefined ? word : `${word} [${rest}…]`;
  });
  const takesRest = operands.at(-1)?.rest !== undefined;
  return takesRest ? `[options] ${words.join(' ')}` : [...words, '[options]'].join(' ');
}

/** The lines of a help text that list the options. */
export function optionLines(table: OptionTable): string {
  const rows = Object.entries(table).map(([name, row]) => {
    const short = row.short === undefined ? '' : `-${row.short}, `;
    const left = `${short}--${name}${row.value === undefined ? '' : ` ${row.value}`}`;
    const right = row.default === undefined ? row.help : `${row.help} (${row.default})`;
    return [left, right] as const;
  });
  return columnLines([...rows, ['-h, --help', 'this text']]);
}
