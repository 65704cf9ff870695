// What a subcommand of `edgewise` is; main.ts holds the table of them.
import type { Options, OptionTable } from './arguments.ts';

export interface Command {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** What it does, for its own --help. */
  readonly description: string;
  readonly options: OptionTable;
  /**
   * Runs the command to its end.
   *
   * @returns the exit code.
   * @throws UsageError - bad arguments: exit code 2. Anything else: exit code 1.
   */
  run(options: Options): Promise<number>;
}
