// What a command is: the shape that `edgewise` has for its own (src/cli/command.ts and arguments.ts there). It
// parses the command line by these tables, and hands over what was given.

/** One row of a table of options. */
interface OptionRow {
  readonly short?: string;
  /** The placeholder of the value in the help; absent for a switch. */
  readonly value?: string;
  readonly help: string;
  readonly default?: string;
}

/** A word that a command takes besides options. */
interface Operand {
  /** In capitals; `options.text` has its value under this name. */
  readonly name: string;
  readonly isOptional?: true;
}

/** What was given. Each getter checks, and throws a UsageError of its own. */
export interface Options {
  has(name: string): boolean;
  text(name: string): string;
  integer(name: string, min: number, max: number): number;
  choice<Choice extends string>(name: string, choices: readonly Choice[]): Choice;
  texts(name: string): string[];
}

/** `edgewise lab NAME`. */
export interface Command {
  readonly name: string;
  readonly summary: string;
  readonly description: string;
  readonly operands?: readonly Operand[];
  readonly options: Readonly<Record<string, OptionRow>>;
  /**
   * @returns the exit code.
   * @throws UsageError - bad arguments: exit code 2. Anything else: the grader has failed, exit code 3.
   */
  run(options: Options): Promise<number>;
}

/** A mistake on the command line, in one line. `edgewise` knows it by its name. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
