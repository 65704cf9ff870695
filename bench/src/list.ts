// The text of `--list`: scenarios and contenders. bench/list.txt has it for a clone in which nothing
// has been built yet; a test holds both together.
import { allContenders } from './plan.ts';
import { scenarios } from './scenarios/index.ts';

const NAME_COLUMNS = 18;
const CONTENDER_COLUMNS = 26;

/** Scenarios with their own contenders, then the contenders of all others. */
export function listText(): string {
  const lines = scenarios.flatMap(({ name, title, operation, own, isOnDemand }) => [
    `${name.padEnd(NAME_COLUMNS)}${title}: ${operation}${isOnDemand ? ' (only when named)' : ''}`,
    ...(own ?? []).map((contender) => `${''.padEnd(NAME_COLUMNS)}- ${contender.name}`),
  ]);
  const shared = allContenders(scenarios.filter(({ own }) => own === undefined));
  return [
    ...lines,
    '',
    'Contenders, where no others are listed:',
    '',
    ...shared.map(({ name, label }) => `${name.padEnd(CONTENDER_COLUMNS)}${label}`),
  ].join('\n');
}
