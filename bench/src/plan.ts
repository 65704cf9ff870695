// From what was asked for to what will be done: which cases, which contenders, how long.
import type { Baseline } from './baseline.ts';
import { contenders as suite } from './contenders/index.ts';
import { endTools } from './contenders/run.ts';
import type { PlannedCase, Player } from './measure/case.ts';
import type { Contender, ContenderInfo, Located, Missing, Setting } from './model.ts';
import { scenarios as allScenarios } from './scenarios/index.ts';
import {
  CORE,
  type Field,
  numberOf,
  PARALLEL,
  QUICK_CORE,
  type Scenario,
  type Variation,
  WIDE,
} from './scenarios/scenario.ts';

/** What was asked for is not there: one line, and exit code 2. */
export class UsageError extends Error {}

export interface Wish {
  /** Names; empty: all. */
  readonly scenarios: readonly string[];
  readonly isQuick: boolean;
  readonly connections?: readonly number[];
  readonly size?: readonly number[];
  readonly contenders?: readonly string[];
  readonly rounds?: number;
  readonly seconds?: number;
  /** Another checkout: the counterpart of each contender of ours takes part beside it. */
  readonly baseline?: Baseline;
}

export interface Plan {
  readonly scenarios: readonly Scenario[];
  readonly cases: readonly PlannedCase[];
  readonly contenders: readonly ContenderInfo[];
  readonly missing: readonly (Missing & { readonly name: string })[];
  readonly expectedSeconds: number;
}

// `settleSeconds`: load before the first round, in which V8 compiles what would else be compiled
// within the measured ones.
const FULL = {
  rounds: 5,
  warmupSeconds: 0.1,
  settleSeconds: 1,
  budgetSeconds: 1450,
  secondsMax: 2,
};
const QUICK = {
  rounds: 3,
  warmupSeconds: 0.05,
  settleSeconds: 0.25,
  budgetSeconds: 100,
  secondsMax: 0.4,
};
const SECONDS_MIN = 0.1;
// What a turn and a start take beside the load itself, by experience; for the estimate only.
const TURN_SECONDS = 0.06;
const START_SECONDS = 0.35;
const TRACE_SECONDS = 1.5;
const TASK_SECONDS = 0.2;
const CONNECTION_SECONDS = 60e-6;

/** Scenarios by name. @throws UsageError - there is no such scenario. */
export function chooseScenarios(names: readonly string[]): Scenario[] {
  const unknown = names.find((name) => !allScenarios.some((scenario) => scenario.name === name));
  if (unknown !== undefined) {
    const all = allScenarios.map(({ name }) => name).join(', ');
    throw new UsageError(`unknown scenario '${unknown}'; there are ${all}`);
  }
  return allScenarios.filter(({ name, isOnDemand }) =>
    names.length === 0 ? !isOnDemand : names.includes(name),
  );
}

// Counterparts come last: the order moves on by one in each round, so that ours goes before its
// counterpart in one half of the rounds and after it in the other.
function contendersOf(scenario: Scenario, { baseline }: Pick<Wish, 'baseline'> = {}): Contender[] {
  const { own, only } = scenario;
  const isAble = (name: string) => only?.includes(name) ?? !PARALLEL.includes(name);
  const ours = own ?? suite.filter(({ name }) => isAble(name));
  const names = ours.map(({ name }) => name);
  const theirs = baseline?.contendersOf(scenario.name) ?? [];
  return [...ours, ...theirs.filter(({ baselineOf = '' }) => names.includes(baselineOf))];
}

/** All contenders, each once; some scenarios have a program of their own for the same name. */
export function allContenders(
  chosen: readonly Scenario[] = allScenarios,
  wish: Pick<Wish, 'baseline'> = {},
): Contender[] {
  return [...new Set(chosen.flatMap((scenario) => contendersOf(scenario, wish)))];
}

/** @throws UsageError - a name is unknown. */
export function checkWish(wish: Wish): void {
  chooseScenarios(wish.scenarios);
  const names = [...new Set(allContenders().map(({ name }) => name))];
  const unknown = wish.contenders?.find((name) => !names.includes(name));
  if (unknown === undefined) return;
  throw new UsageError(`unknown contender '${unknown}'; there are ${names.join(', ')}`);
}

/** Settings of a scenario, with what the command line sets in place of its own. */
export function variationsOf(scenario: Scenario, wish: Wish): readonly Variation[] {
  const { variations } = scenario;
  const wished = (['connections', 'size'] as const).filter(
    (name) => wish[name] !== undefined && variations.some(({ setting }) => name in setting),
  );
  const chosen = wish.isQuick ? variations.filter(({ isQuick }) => isQuick) : variations;
  const unique = new Map<string, Variation>();
  for (const variation of chosen.length === 0 ? variations : chosen) {
    for (const setting of substituted(variation.setting, wished, wish)) {
      const key = JSON.stringify(setting);
      const earlier = unique.get(key);
      const field = widest(earlier?.field ?? 'core', variation.field);
      unique.set(key, { ...variation, setting, field });
    }
  }
  return [...unique.values()];
}

const FIELDS: readonly Field[] = ['core', 'wide', 'all'];

function widest(a: Field, b: Field): Field {
  return FIELDS.indexOf(a) > FIELDS.indexOf(b) ? a : b;
}

function substituted(
  setting: Setting,
  names: readonly ('connections' | 'size')[],
  wish: Wish,
): Setting[] {
  return names.reduce<Setting[]>(
    (all, name) =>
      all.flatMap((one) => (wish[name] ?? []).map((value) => ({ ...one, [name]: value }))),
    [setting],
  );
}

function takesPart(contender: Contender, { field }: Variation, scenario: Scenario, wish: Wish) {
  const name = contender.baselineOf ?? contender.name;
  if (wish.contenders !== undefined) return wish.contenders.includes(name);
  if (contender.isOnDemand) return false;
  if (scenario.usual !== undefined) return scenario.usual.includes(name);
  if (scenario.own !== undefined || scenario.only !== undefined) return true;
  if (wish.isQuick) return (scenario.quick ?? QUICK_CORE).includes(name);
  return field === 'all' || (field === 'wide' ? WIDE : CORE).includes(name);
}

/**
 * Looks for the contenders that take part, and lays out the cases; there may be none.
 *
 * @param onLocate - called before each contender is looked for, which may compile it.
 * @param signal - ends what is compiled or fetched; its reason is thrown.
 */
export async function makePlan(
  wish: Wish,
  onLocate: (name: string) => void,
  signal?: AbortSignal,
): Promise<Plan> {
  const scenarios = chooseScenarios(wish.scenarios);
  const found = new Map<Contender, Located>();
  const missing: (Missing & { name: string })[] = [];
  const asked = allContenders(scenarios, wish).filter((one) => isAsked(one, scenarios, wish));
  for (const contender of asked) {
    onLocate(contender.name);
    const result = await located(contender, signal);
    if ('reason' in result) missing.push({ name: contender.name, ...result });
    else found.set(contender, result);
  }
  const cases = withSeconds(layOut(scenarios, found, wish), wish);
  return {
    scenarios: scenarios.filter((scenario) => cases.some((one) => one.scenario === scenario)),
    cases,
    contenders: infosOf(cases, found),
    missing,
    expectedSeconds: cases.reduce((sum, one) => sum + expectedSeconds(one), 0),
  };
}

/** @throws the signal's reason: what was being compiled is not missing for that. */
async function located(contender: Contender, signal?: AbortSignal): Promise<Located | Missing> {
  signal?.throwIfAborted();
  signal?.addEventListener('abort', endTools, { once: true });
  try {
    return await contender.locate();
  } finally {
    signal?.removeEventListener('abort', endTools);
    signal?.throwIfAborted();
  }
}

function infosOf(
  cases: readonly PlannedCase[],
  found: ReadonlyMap<Contender, Located>,
): ContenderInfo[] {
  const playing = new Set(cases.flatMap(({ players }) => players.map(({ name }) => name)));
  const infos = [...found]
    .filter(([{ name }]) => playing.has(name))
    .map(([{ name, label, family, baselineOf }, { version }]) => {
      return { name, label, family, version, ...(baselineOf !== undefined && { baselineOf }) };
    });
  return [...new Map(infos.map((info) => [info.name, info])).values()];
}

function isAsked(contender: Contender, scenarios: readonly Scenario[], wish: Wish): boolean {
  return scenarios
    .filter((scenario) => contendersOf(scenario, wish).includes(contender))
    .some((scenario) =>
      variationsOf(scenario, wish).some((one) => takesPart(contender, one, scenario, wish)),
    );
}

function layOut(
  scenarios: readonly Scenario[],
  found: ReadonlyMap<Contender, Located>,
  wish: Wish,
): PlannedCase[] {
  const { rounds, warmupSeconds, settleSeconds } = wish.isQuick ? QUICK : FULL;
  return scenarios.flatMap((scenario) =>
    variationsOf(scenario, wish).flatMap((variation) => {
      const { setting } = variation;
      const players = contendersOf(scenario, wish)
        .filter((contender) => takesPart(contender, variation, scenario, wish))
        .flatMap((contender): Player[] => {
          const located = found.get(contender);
          const sketch = { ...setting, ...scenario.surroundings?.sketch };
          if (located?.command(scenario.role, sketch) === undefined) return [];
          const command = (whole: Setting) => located.command(scenario.role, whole);
          return [{ name: contender.name, command }];
        });
      if (players.length === 0) return [];
      const isTraced = !wish.isQuick && scenario.countsSyscalls?.(setting) === true;
      const { isQuick } = wish;
      const planned = { scenario, setting, players, isTraced, isQuick, seconds: 0 };
      return [{ ...planned, warmupSeconds, settleSeconds, rounds: wish.rounds ?? rounds }];
    }),
  );
}

/**
 * Rounds are as long as the time for everything allows, and equally long but where more is needed.
 * More rounds take more time: they are no shorter.
 */
function withSeconds(cases: readonly PlannedCase[], wish: Wish): PlannedCase[] {
  const { rounds: usual, budgetSeconds: usualSeconds, secondsMax } = wish.isQuick ? QUICK : FULL;
  const budgetSeconds = (usualSeconds * (wish.rounds ?? usual)) / usual;
  const leastOf = ({ scenario }: PlannedCase) =>
    wish.isQuick ? SECONDS_MIN : (scenario.secondsMin ?? SECONDS_MIN);
  const turnsOf = ({ players, rounds }: PlannedCase) => players.length * rounds;
  const loaded = cases.filter(({ scenario }) => scenario.load !== undefined);
  const free = loaded.filter((one) => leastOf(one) === SECONDS_MIN);
  const fixed = loaded.filter((one) => leastOf(one) > SECONDS_MIN);
  const besides =
    cases.reduce((sum, one) => sum + expectedSeconds(one), 0) +
    fixed.reduce((sum, one) => sum + turnsOf(one) * leastOf(one), 0);
  const turns = free.reduce((sum, one) => sum + turnsOf(one), 0);
  const fair = Math.round(((budgetSeconds - besides) / Math.max(turns, 1)) * 20) / 20;
  return cases.map((one) => {
    const seconds = wish.seconds ?? Math.min(secondsMax, Math.max(leastOf(one), fair));
    return { ...one, seconds, warmupSeconds: Math.min(one.warmupSeconds, seconds) };
  });
}

function expectedSeconds(planned: PlannedCase): number {
  const { scenario, setting, players, rounds, seconds, isTraced } = planned;
  const connecting = numberOf(setting, 'connections', 0) * CONNECTION_SECONDS;
  const isTask = scenario.load === undefined;
  const load = seconds + planned.warmupSeconds + connecting + (scenario.extraSeconds ?? 0);
  const turn = isTask ? TASK_SECONDS : load;
  const settling = isTask ? TASK_SECONDS : planned.settleSeconds + connecting;
  const warmUp = scenario.isFresh ? 0 : settling + TURN_SECONDS;
  const tracing = isTraced ? TRACE_SECONDS : 0;
  const starts = scenario.isFresh ? rounds : 1;
  const each = starts * START_SECONDS + warmUp + rounds * (turn + TURN_SECONDS) + tracing;
  return players.length * each;
}
