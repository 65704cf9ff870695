// Carries out a plan, case by case, with what happens shown on the way.
import { spawnSync } from 'node:child_process';
import { Listr, type ListrTask } from 'listr2';
import { choosePinning, describeMachine, descriptorLimit } from './machine.ts';
import { measureCase, type PlannedCase, planOf } from './measure/case.ts';
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
  say(`${machine.cpu}, ${machine.cpus} CPUs, ${machine.kernel}, Node ${machine.node}`);
  say(`${machine.pinning}; io_uring of this Node: ${machine.ioUring}`);
  const noStrace = whyNoStrace();
  if (noStrace !== undefined) say(`system calls are not counted: ${noStrace}`);
  const cases: Case[] = [];
  const canTrace = noStrace === undefined;
  const tasks = plan.cases.map((planned): ListrTask => {
    return {
      title: titleOf(planned),
      task: async (_, task) => {
        const onProgress = (line: string) => {
          task.output = line;
        };
        const found =
          refusalOf(planned) ??
          (await measureCase(planned, { pinning, canTrace, signal, onProgress }));
        cases.push(found);
        const failed = Object.keys(found.failures);
        if (failed.length > 0) task.title += ` (failed: ${failed.join(', ')})`;
      },
    };
  });
  await listed(tasks);
  return {
    format: 'edgewise-bench/1',
    startedAt: began.toISOString(),
    seconds: (Date.now() - began.getTime()) / 1000,
    command,
    ...(wish.baseline && {
      baseline: { folder: wish.baseline.folder, version: wish.baseline.version },
    }),
    machine,
    contenders: plan.contenders,
    missing: plan.missing,
    scenarios: plan.scenarios.map(infoOf),
    cases,
  };
}

function listed(tasks: ListrTask[]): Promise<unknown> {
  const renderer = process.stdout.isTTY ? 'default' : 'simple';
  return new Listr(tasks, { renderer, registerSignalListeners: false }).run();
}

async function locateAll(wish: Wish, signal: AbortSignal): Promise<Plan> {
  let plan: Plan | undefined;
  await listed([
    {
      title: 'contenders',
      task: async (_, task) => {
        const onLocate = (name: string) => {
          task.output = name;
        };
        plan = await makePlan(wish, onLocate, signal);
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
    `${cases.length} cases, ${contenders.length} contenders, ${first.rounds} rounds of ` +
      `${first.seconds} s: about ${minutes > 0 ? `${minutes} min ` : ''}${rest}`,
  );
}

function titleOf({ scenario, setting, players }: PlannedCase): string {
  const words = Object.entries(setting).map(([name, value]) => `${name} ${value}`);
  return `${scenario.name} ${words.join(', ')}: ${players.map(({ name }) => name).join(', ')}`;
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
