// labs.config.json of the folder that the grader is started in: a teacher's choices.
import { readFileSync } from 'node:fs';
import { UsageError } from './commands/command.ts';
import type { Lab } from './lab.ts';
import { labs as allLabs } from './labs.ts';
import { nearest } from './nearest.ts';

export const CONFIG_FILE = 'labs.config.json';

/** What the file can have; everything may be left out. */
export interface Config {
  /** The labs of this course. */
  readonly labs?: readonly number[];
  /** Points of checks by their ids, in place of ours; 0: it is made, and does not count. */
  readonly points?: Readonly<Record<string, number>>;
  /** What `--quick`, `--seed` and `--repeat` are without an option. */
  readonly quick?: boolean;
  readonly seed?: number;
  readonly repeat?: number;
}

const isWhole = (value: unknown): boolean => Number.isInteger(value) && (value as number) >= 0;
const RULES: Readonly<Record<keyof Config, (value: unknown) => boolean>> = {
  labs: (value) => Array.isArray(value) && value.every((each) => isWhole(each)),
  points: (value) =>
    typeof value === 'object' && value !== null && Object.values(value).every(isWhole),
  quick: (value) => typeof value === 'boolean',
  seed: isWhole,
  repeat: (value) => isWhole(value) && value !== 0,
};

/** @throws UsageError - there is such a file, and something in it is wrong. */
export function readConfig(all: readonly Lab[] = allLabs): Config {
  const config = parse(contents());
  for (const [name, value] of Object.entries(config)) {
    if (!Object.hasOwn(RULES, name))
      throw wrong(`'${name}' is unknown${hint(name, Object.keys(RULES))}`);
    if (!RULES[name as keyof Config](value)) throw wrong(`'${name}' is ${JSON.stringify(value)}`);
  }
  const ids = all.flatMap(({ checks }) => checks.map(({ id }) => id));
  const strange = Object.keys((config as Config).points ?? {}).find((id) => !ids.includes(id));
  if (strange !== undefined) throw wrong(`there is no check '${strange}'${hint(strange, ids)}`);
  return config as Config;
}

/** The labs as the file wants them. */
export function configuredLabs(config: Config, all: readonly Lab[] = allLabs): readonly Lab[] {
  const { labs: numbers, points = {} } = config;
  const chosen = all.filter(({ number }) => numbers?.includes(number) ?? true);
  return chosen.map((lab) => ({
    ...lab,
    checks: lab.checks.map((check) => ({ ...check, points: points[check.id] ?? check.points })),
  }));
}

/** `'; did you mean 4.3?'`, or nothing. */
export function hint(word: string, words: readonly string[]): string {
  const near = nearest(word, words);
  return near === undefined ? '' : `; did you mean ${near}?`;
}

function contents(): string {
  try {
    return readFileSync(CONFIG_FILE, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return '{}';
    throw wrong(`it cannot be read: ${code}`);
  }
}

function parse(text: string): object {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  } catch {
    // said below
  }
  throw wrong('it is no JSON object');
}

function wrong(what: string): UsageError {
  return new UsageError(`${CONFIG_FILE}: ${what}`);
}
