// The interface of a subcommand of `edgewise`; main.ts has the table of them.
import type { Operand, Options, OptionTable } from './arguments.ts';

/** A subcommand. */
export interface Command {
  /** The word on the command line. */
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** What it does, for its own --help. */
  readonly description: string;
  /** What it takes besides options, in this order. */
  readonly operands?: readonly Operand[];
  /** Its operand is a command of its own: `edgewise help lab check` is its help of that one. */
  readonly hasCommands?: true;
  /** Its options, for parsing and for --help. */
  readonly options: OptionTable;
  /**
   * Runs the command to its end.
   *
   * @returns the exit code.
   * @throws UsageError - bad arguments: exit code 2. Anything else: exit code 1.
   */
  run(options: Options): Promise<number>;
}
