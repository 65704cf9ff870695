// The options of a command as one table: parsed by node:util's parseArgs, checked here, and printed
// by --help. Every mistake of the caller is a UsageError, which main.ts turns into one line and
// exit code 2.
import { type ParseArgsConfig, parseArgs } from 'node:util';

/** One row of a command's table of options. */
export interface OptionRow {
  /** The placeholder of the value in the help: `'N'`, `'level|edge'`; absent for a switch. */
  readonly value?: string;
  readonly help: string;
  /** The text of the value when the option is not given. */
  readonly default?: string;
}

export type OptionTable = Readonly<Record<string, OptionRow>>;

/** A mistake on the command line; the message is one line, without the program's name. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The options that were given, as text; each getter checks and converts one of them. */
export class Options {
  readonly #given: ReadonlyMap<string, string>;

  constructor(given: ReadonlyMap<string, string>) {
    this.#given = given;
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
    const text = this.text(name);
    const value = Number(text);
    if (!/^[0-9.]+$/.test(text) || !(value >= min && value <= max)) {
      throw new UsageError(`--${name} takes a number from ${min} to ${max}, not '${text}'`);
    }
    return value;
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
 * @param operand - the name of the one word that may be there besides; undefined: none may.
 * @throws UsageError - an unknown or repeated option, a missing or superfluous value, a stray word.
 */
export function parseOptions(
  table: OptionTable,
  argv: readonly string[],
  operand?: string,
): Options {
  const options: NonNullable<ParseArgsConfig['options']> = {
    help: { type: 'boolean', short: 'h' },
  };
  for (const [name, row] of Object.entries(table)) {
    options[name] = { type: row.value === undefined ? 'boolean' : 'string' };
  }
  const given = new Map<string, string>();
  for (const token of tokenize(options, argv, operand !== undefined)) {
    if (token.kind === 'positional' && operand !== undefined) {
      if (given.has(operand)) throw new UsageError(`${operand} was given twice`);
      given.set(operand, token.value);
    }
    if (token.kind !== 'option') continue;
    if (given.has(token.name)) throw new UsageError(`--${token.name} was given twice`);
    given.set(token.name, token.value ?? '');
  }
  for (const [name, row] of Object.entries(table)) {
    if (row.default !== undefined && !given.has(name)) given.set(name, row.default);
  }
  return new Options(given);
}

function tokenize(
  options: NonNullable<ParseArgsConfig['options']>,
  argv: readonly string[],
  allowPositionals: boolean,
) {
  try {
    return parseArgs({ args: [...argv], options, allowPositionals, tokens: true }).tokens;
  } catch (error) {
    // parseArgs explains in several sentences, some of them on further lines; the first says it.
    const [sentence] = (error as Error).message.split(/\n|\. /);
    throw new UsageError(sentence?.replace(/\.$/, '') ?? 'bad arguments');
  }
}

/** The lines of a help text that list the options. */
export function optionLines(table: OptionTable): string {
  const rows = Object.entries(table).map(([name, row]) => {
    const left = `--${name}${row.value === undefined ? '' : ` ${row.value}`}`;
    const right = row.default === undefined ? row.help : `${row.help} (${row.default})`;
    return [left, right] as const;
  });
  rows.push(['-h, --help', 'this text']);
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`).join('\n');
}
