// The text of `--list`: scenarios and contenders. bench/list.txt has it for a clone in which nothing
// has been built yet; a test holds both together.
import { allContenders } from './plan.ts';
import { scenarios } from './scenarios/index.ts';

const NAME_COLUMNS = 18;
const CONTENDER_COLUMNS = 26;
const COLUMNS = 80;

/** Scenarios with their own contenders, then the contenders of all others. */
export function listText(): string {
  const lines = scenarios.flatMap(({ name, title, operation, own, isOnDemand }) => [
    ...row(name, `${title}: ${operation}${isOnDemand ? ' (only when named)' : ''}`),
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

// In 80 columns.
function row(name: string, text: string): string[] {
  const lines = [name.padEnd(NAME_COLUMNS)];
  for (const [at, word] of text.split(' ').entries()) {
    const last = lines.at(-1) ?? '';
    const gap = at === 0 ? '' : ' ';
    if (last.length + gap.length + word.length <= COLUMNS) lines[lines.length - 1] += gap + word;
    else lines.push(' '.repeat(NAME_COLUMNS) + word);
  }
  return lines;
}
