// `edgewise lab watch N [DIR]`: grades again whenever a file was saved, from the first failing check on.
import { readdirSync, statSync, watch as watchFolder } from 'node:fs';
import { dirname, join } from 'node:path';
import { configuredLabs, readConfig } from '../config.ts';
import { formats } from '../formats/index.ts';
import { grade } from '../grade.ts';
import type { Lab } from '../lab.ts';
import type { CheckResult, LabResult } from '../result.ts';
import { endOnSignals, exitCodeOf, keepQuietly, lookOf } from './check.ts';
import type { Command } from './command.ts';
import { columnsOf, Display } from './display.ts';
import { FOLDER_OPERAND, LAB_OPERAND, labOf, nextOf, workFolderOf } from './words.ts';

export const watch: Command = {
  name: 'watch',
  summary: 'grade again on every save, from the first failing check on',
  description:
    'Grades lab N up to its first failing check, and goes on from there whenever a\n' +
    'file of DIR was saved.\n' +
    'SIGINT ends it, with the exit code of the last grading.',
  operands: [LAB_OPERAND, FOLDER_OPERAND],
  options: { quick: { help: 'smaller sizes and fewer seeds' } },
  async run(options) {
    const config = readConfig();
    const labs = configuredLabs(config);
    const lab = labOf(options, labs);
    const folder = workFolderOf(options, lab);
    const isQuick = options.has('quick') || config.quick === true;
    const saves = new Saves(folder, lab);
    const session = new Session(lab, labs, folder, isQuick);
    endOnSignals();
    // A signal ends the process at once; the exit code must be known then.
    process.on('exit', (code) => {
      if (code > 128) process.exitCode = session.exitCode;
    });
    for (;;) {
      saves.take();
      process.stdout.write(ruleWith(new Date()));
      await session.grade();
      await saves.next();
    }
  },
};

/** Between two gradings. */
function ruleWith(now: Date): string {
  const time = `── ${now.toTimeString().slice(0, 8)} `;
  return `${time.padEnd(columnsOf(process.stdout), '─')}\n`;
}

/** Files that were saved, each state of the folder once. */
class Saves {
  readonly #folders: readonly string[];
  #seen = '';
  #wake: () => void = () => undefined;

  constructor(folder: string, lab: Lab) {
    const inner = new Set(lab.files.map((file) => dirname(file)));
    this.#folders = [...inner].map((name) => join(folder, name));
    for (const each of this.#folders) watchFolder(each, () => this.#wake());
  }

  /** What is there now was seen. */
  take(): void {
    this.#seen = this.#state();
  }

  /** Resolves when something is other than it was at `take`. An editor saves in several steps, each an event. */
  async next(): Promise<void> {
    while (this.#state() === this.#seen) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  #state(): string {
    return this.#folders
      .flatMap((folder) => readdirSync(folder).map((name) => stateOf(join(folder, name))))
      .join('\n');
  }
}

function stateOf(path: string): string {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat?.isFile() ? `${path} ${stat.size} ${stat.mtimeMs}` : '';
}

class Session {
  exitCode = 1;
  readonly #lab: Lab;
  readonly #labs: readonly Lab[];
  readonly #folder: string;
  readonly #isQuick: boolean;
  #first = 0;

  constructor(lab: Lab, labs: readonly Lab[], folder: string, isQuick: boolean) {
    this.#lab = lab;
    this.#labs = labs;
    this.#folder = folder;
    this.#isQuick = isQuick;
  }

  /** From the first failing check on, to the next one; when none is left, all of them once more. */
  async grade(): Promise<void> {
    const begin = this.#first;
    let result = await this.#gradeFrom(begin);
    if (exitCodeOf(result) === 0 && begin > 0) result = await this.#gradeFrom(0);
    this.exitCode = exitCodeOf(result);
    const { stdout } = process;
    const look = lookOf(stdout, nextOf(this.#lab, this.#labs));
    stdout.write(`${formats.text(result, look)}\nwaiting for a change in ${this.#folder}\n`);
  }

  async #gradeFrom(begin: number): Promise<LabResult> {
    const { checks } = this.#lab;
    const display = new Display(process.stderr, checks.length - begin);
    const results: LabResult[] = [];
    for (const { id } of checks.slice(begin)) {
      const result = await grade(this.#lab, {
        folder: this.#folder,
        isQuick: this.#isQuick,
        only: [id],
        onProgress: display.onProgress,
      });
      keepQuietly(this.#folder, result);
      results.push(result);
      if (exitCodeOf(result) === 1) break;
    }
    display.end();
    const found = results.flatMap((result) => result.checks);
    const failing = found.findIndex(({ status }) => status === 'failed');
    this.#first = failing < 0 ? 0 : begin + failing;
    const { isPartial: _, ...first } = results[0] as LabResult;
    const isPartial = found.length < checks.length && { isPartial: true as const };
    return withChecks({ ...first, ...isPartial }, found);
  }
}

function withChecks(result: LabResult, checks: readonly CheckResult[]): LabResult {
  const score = checks.reduce((sum, check) => sum + check.score, 0);
  const maxScore = checks.reduce((sum, check) => sum + check.maxScore, 0);
  return { ...result, score, maxScore, checks };
}
