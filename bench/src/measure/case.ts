// Measures one case: starts all that take part, lets them take turns, then looks at what is
// measured once. A contender that fails is recorded with one line, and the others go on.

import { Children, type Pinning } from '../../../src/cli/measure/index.ts';
import type { Case, CasePlan, Command, Measurement, Round, Setting, Values } from '../model.ts';
import type { Scenario } from '../scenarios/scenario.ts';
import {
  type Circumstances,
  memoryOf,
  type Started,
  startParticipant,
  type Traced,
} from './participants.ts';
import { alternate, lineOf, type Participant } from './rounds.ts';
import { countSyscalls } from './strace.ts';
import { ioUringCount } from './usage.ts';

/** A contender that can play the scenario's role. */
export interface Player {
  readonly name: string;
  /** undefined: cannot, in this setting. */
  command(setting: Setting): Command | undefined;
}

export interface PlannedCase {
  readonly scenario: Scenario;
  readonly setting: Setting;
  readonly players: readonly Player[];
  readonly rounds: number;
  readonly seconds: number;
  /** Before each round. */
  readonly warmupSeconds: number;
  /** Before the first one. */
  readonly settleSeconds: number;
  readonly isQuick: boolean;
  /** System calls are counted. */
  readonly isTraced: boolean;
}

export interface CaseOptions {
  readonly pinning: Pinning | undefined;
  /** Here system calls can be counted. */
  readonly canTrace: boolean;
  readonly signal: AbortSignal;
  /** One line on what is done now. */
  readonly onProgress: (line: string) => void;
}

/** What the results say of it. */
export function planOf(planned: PlannedCase): CasePlan {
  const { scenario, players, rounds, isQuick, seconds, warmupSeconds, settleSeconds } = planned;
  const lengths = { seconds, warmupSeconds, settleSeconds };
  const contenders = players.map(({ name }) => name);
  return { contenders, rounds, isQuick, ...(scenario.load !== undefined && lengths) };
}

export async function measureCase(planned: PlannedCase, options: CaseOptions): Promise<Case> {
  await using children = new Children({ exitsOnSignal: false });
  return await new CaseRun(planned, options, children).run();
}

class CaseRun {
  readonly #planned: PlannedCase;
  readonly #options: CaseOptions;
  readonly #children: Children;
  readonly #failures: Record<string, string> = {};
  readonly #started = new Map<string, Started>();
  readonly #surveys = new Map<string, Values>();
  readonly #once = new Map<string, Omit<Measurement, 'contender' | 'rounds'>>();

  constructor(planned: PlannedCase, options: CaseOptions, children: Children) {
    this.#planned = planned;
    this.#options = options;
    this.#children = children;
  }

  async run(): Promise<Case> {
    const { scenario, setting, rounds } = this.#planned;
    const { signal, onProgress } = this.#options;
    const participants = await this.#assemble(await this.#circumstances());
    const found = await alternate(participants, {
      rounds,
      signal,
      onTurn: (round, name) =>
        onProgress(round < 0 ? `warm-up: ${name}` : `round ${round + 1} of ${rounds}: ${name}`),
      onFailure: (name, error) => this.#fail(name, error),
    });
    for (const [name, { length }] of found) {
      const reason = this.#failures[name];
      if (reason === undefined) await this.#lookOnce(name);
      else this.#failures[name] = `round ${length + 1} of ${rounds} failed twice: ${reason}`;
    }
    const measurements = [...found].map(([name, all]) => this.#measurement(name, all));
    const plan = planOf(this.#planned);
    return { scenario: scenario.name, setting, plan, measurements, failures: this.#failures };
  }

  async #circumstances(): Promise<Circumstances> {
    const { scenario, setting, seconds, warmupSeconds, settleSeconds } = this.#planned;
    const { pinning, signal } = this.#options;
    const loadCpu = scenario.isParallel ? undefined : pinning?.load;
    const added = await scenario.surroundings?.prepare(this.#children, signal, loadCpu);
    return {
      scenario,
      setting: { ...setting, ...added },
      seconds,
      warmupSeconds,
      settleSeconds,
      serverCpu: scenario.isParallel ? undefined : pinning?.server,
      loadCpu,
      beside: this.#children.pids,
      children: this.#children,
      signal,
    };
  }

  async #assemble(circumstances: Circumstances): Promise<Participant[]> {
    const participants: Participant[] = [];
    for (const player of this.#planned.players) {
      const command = player.command(circumstances.setting);
      if (command === undefined) continue;
      const start = () => this.#start(player.name, command, circumstances);
      if (circumstances.scenario.isFresh) {
        participants.push(this.#startedForEachRound(player.name, start));
        continue;
      }
      this.#options.onProgress(`start: ${player.name}`);
      try {
        const started = await start();
        this.#started.set(player.name, started);
        participants.push(started);
      } catch (error) {
        this.#options.signal.throwIfAborted();
        await this.#fail(player.name, error);
      }
    }
    return participants;
  }

  async #start(name: string, command: Command, circumstances: Circumstances): Promise<Started> {
    if (circumstances.scenario.survey === undefined) {
      return startParticipant(name, command, circumstances);
    }
    this.#options.onProgress(`survey: ${name}`);
    const surveyed = await startParticipant(name, command, circumstances);
    const found = await surveyed.survey();
    await surveyed.program.stop();
    this.#surveys.set(name, found);
    const setting = { ...circumstances.setting, ...found };
    return startParticipant(name, command, { ...circumstances, setting });
  }

  #startedForEachRound(name: string, start: () => Promise<Started>): Participant {
    const round = async (): Promise<Round> => {
      const started = await start();
      try {
        return await started.round();
      } finally {
        await started.program.stop();
      }
    };
    return { name, warmUp: async () => undefined, round };
  }

  async #lookOnce(name: string): Promise<void> {
    const started = this.#started.get(name);
    if (started === undefined) return;
    const { scenario, isTraced } = this.#planned;
    const memory = scenario.load === undefined ? {} : memoryOf(started);
    const ioUrings = ioUringCount(started.program.pid);
    const once = { ...this.#surveys.get(name), ...memory };
    const seen = { once, ...(ioUrings !== undefined && { ioUrings }) };
    this.#once.set(name, seen);
    if (isTraced && this.#options.canTrace) {
      this.#options.onProgress(`system calls: ${name}`);
      try {
        this.#once.set(name, { ...seen, ...(await this.#trace(started, once)) });
      } catch (error) {
        this.#options.signal.throwIfAborted();
        // Its rounds are kept.
        this.#failures[name] = `its system calls were not counted: ${lineOf(error)}`;
      }
    }
    if (scenario.readEnd !== undefined) await this.#readEnd(name, started, scenario.readEnd);
  }

  async #readEnd(name: string, { program }: Started, readEnd: (output: string) => Values) {
    await program.stop();
    const seen = this.#once.get(name) ?? { once: {} };
    this.#once.set(name, { ...seen, once: { ...seen.once, ...readEnd(program.output.stdout) } });
  }

  async #trace(started: Started, once: Values): Promise<Pick<Measurement, 'once' | 'syscalls'>> {
    let work: Traced = { operations: 0 };
    const { pid } = started.program;
    const counts = await countSyscalls(this.#children, pid, this.#options.signal, async () => {
      work = await started.traced();
    });
    const each = Object.entries(counts)
      .map(([name, count]) => [name, count - (work.apart?.[name] ?? 0)] as const)
      .filter(([, count]) => count > 0)
      .map(([name, count]) => [name, count / work.operations] as const);
    const sum = each.reduce((total, [, count]) => total + count, 0);
    return { once: { ...once, syscallsPerOperation: sum }, syscalls: Object.fromEntries(each) };
  }

  #measurement(contender: string, rounds: readonly Round[]): Measurement {
    return { contender, rounds, once: {}, ...this.#once.get(contender) };
  }

  // What has failed is ended: it may be busy, on the CPU that the others need.
  async #fail(name: string, error: unknown): Promise<void> {
    this.#failures[name] = lineOf(error);
    await this.#started.get(name)?.program.stop();
  }
}
