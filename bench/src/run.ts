// Carries out a plan, case by case, with what happens shown on the way.
import { spawnSync } from 'node:child_process';
import { Listr, type ListrTask } from 'listr2';
import { progressOn } from '../../src/cli/measure/index.ts';
import { countOf } from '../../src/plural.ts';
import { choosePinning, describeMachine, descriptorLimit } from './machine.ts';
import { measureCase, type PlannedCase, planOf } from './measure/case.ts';
import { machineLoad } from './measure/machine-load.ts';
import { whyNoStrace } from './measure/strace.ts';
import type { Case, Results, ScenarioInfo, Setting } from './model.ts';
import { checkWish, makePlan, type Plan, UsageError, type Wish } from './plan.ts';
import { numberOf, type Scenario } from './scenarios/scenario.ts';

/** Descriptors that a contender needs beside those of the connections. */
const DESCRIPTORS_BESIDE = 128;

export interface RunOptions {
  readonly wish: Wish;
  /** The command line that makes it again. */
  readonly command: string;
  readonly signal: AbortSignal;
  /** Called with lines for the reader. */
  readonly say: (line: string) => void;
}

/**
 * What fails while it is measured is in the results.
 *
 * @throws UsageError - a name of the wish is unknown, or nothing that was asked for can be done.
 */
export async function run({ wish, command, signal, say }: RunOptions): Promise<Results> {
  const began = new Date();
  checkWish(wish);
  const plan = await locateAll(wish, signal);
  const pinning = choosePinning();
  const machine = describeMachine(pinning);
  announce(plan, say);
  say(`${machine.cpu}, ${countOf(machine.cpus, 'CPU')}, ${machine.kernel}, Node ${machine.node}`);
  say(`${machine.pinning}; io_uring of this Node: ${machine.ioUring}`);
  const noStrace = whyNoStrace();
  if (noStrace !== undefined) say(`system calls are not counted: ${noStrace}`);
  const before = await machineLoad(signal);
  const cases: Case[] = [];
  const canTrace = noStrace === undefined;
  const tasks = plan.cases.map((planned): Task => {
    return {
      title: titleOf(planned),
      work: async (onProgress) => {
        const found =
          refusalOf(planned) ??
          (await measureCase(planned, { pinning, canTrace, signal, onProgress }));
        cases.push(found);
        const failed = Object.keys(found.failures);
        return failed.length > 0 ? `failed: ${failed.join(', ')}` : undefined;
      },
    };
  });
  await listed(tasks);
  const after = await machineLoad(signal);
  return {
    format: 'edgewise-bench/1',
    startedAt: began.toISOString(),
    seconds: (Date.now() - began.getTime()) / 1000,
    command,
    ...(wish.baseline && {
      baseline: { folder: wish.baseline.folder, version: wish.baseline.version },
    }),
    machine,
    load: { ...(before && { before }), ...(after && { after }) },
    contenders: plan.contenders,
    missing: plan.missing,
    scenarios: plan.scenarios.map(infoOf),
    cases,
  };
}

/** Tasks one after the other: a list on a terminal; elsewhere a line at most every five seconds. */
async function listed(tasks: readonly Task[]): Promise<void> {
  if (process.stdout.isTTY) await onTerminal(tasks);
  else await inLines(tasks);
}

interface Task {
  readonly title: string;
  /** @returns what to say of its end, if there is something. */
  readonly work: (onProgress: (line: string) => void) => Promise<string | undefined>;
}

async function onTerminal(tasks: readonly Task[]): Promise<void> {
  const list = tasks.map(({ title, work }): ListrTask => {
    return {
      title,
      task: async (_, task) => {
        const outcome = await work((line) => {
          task.output = line;
        });
        if (outcome !== undefined) task.title += ` (${outcome})`;
      },
    };
  });
  await new Listr(list, { renderer: 'default', registerSignalListeners: false }).run();
}

/** One for the whole run, so that its lines keep apart from each other. */
const progress = progressOn(process.stdout);

async function inLines(tasks: readonly Task[]): Promise<void> {
  try {
    for (const [at, { title, work }] of tasks.entries()) {
      const where = tasks.length > 1 ? `${at + 1} of ${tasks.length}: ` : '';
      progress.show(`${where}${title}`);
      await work((line) => progress.show(`${where}${title}: ${line}`));
    }
  } finally {
    progress.end();
  }
}

async function locateAll(wish: Wish, signal: AbortSignal): Promise<Plan> {
  let plan: Plan | undefined;
  await listed([
    {
      title: 'contenders',
      work: async (onProgress) => {
        plan = await makePlan(wish, onProgress, signal);
        return undefined;
      },
    },
  ]);
  if (plan === undefined) throw new Error('the plan was not made');
  return plan;
}

function announce({ cases, contenders, missing, expectedSeconds }: Plan, say: RunOptions['say']) {
  for (const { name, reason, install } of missing) say(`missing: ${name}: ${reason} (${install})`);
  const minutes = Math.floor(expectedSeconds / 60);
  const rest = `${Math.round(expectedSeconds % 60)} s`;
  const [first] = cases;
  if (first === undefined) {
    throw new UsageError('nothing to measure: no contender that was found can do what was asked');
  }
  say(
    `${countOf(cases.length, 'case')}, ${countOf(contenders.length, 'contender')}, ` +
      `${countOf(first.rounds, 'round')} of ${first.seconds} s: about ${minutes > 0 ? `${minutes} min ` : ''}${rest}`,
  );
}

function titleOf({ scenario, setting, players }: PlannedCase): string {
  const words = Object.entries(setting).map(([name, value]) => `${name} ${value}`);
  return `${scenario.name} ${words.join(', ')}, ${countOf(players.length, 'contender')}`;
}

/** A case that this machine does not allow, as failures; undefined: it can be measured. */
function refusalOf(planned: PlannedCase): Case | undefined {
  const { scenario, setting, players } = planned;
  const line = reasonAgainst(scenario, setting);
  if (line === undefined) return undefined;
  const failures = Object.fromEntries(players.map(({ name }) => [name, line]));
  return { scenario: scenario.name, setting, plan: planOf(planned), measurements: [], failures };
}

function reasonAgainst({ needs }: Scenario, setting: Setting): string | undefined {
  const connections = numberOf(setting, 'connections', 0) + numberOf(setting, 'slow', 0);
  const needed = connections + DESCRIPTORS_BESIDE;
  const limit = descriptorLimit();
  if (needed > limit) return `needs ${needed} descriptors, the limit is ${limit} (ulimit -n)`;
  if (needs === undefined || isInstalled(needs.program)) return undefined;
  return `${needs.program} is not installed (${needs.install})`;
}

function isInstalled(program: string): boolean {
  const { error } = spawnSync(program, ['--version'], { stdio: 'ignore' });
  return error === undefined;
}

function infoOf({ name, title, operation, metrics, merit, bases, axis }: Scenario): ScenarioInfo {
  return { name, title, operation, metrics, merit, bases, ...(axis === undefined ? {} : { axis }) };
}
