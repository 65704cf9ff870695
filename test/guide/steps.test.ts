// The ten steps: what a reader types is the programs of examples/guide/, and what the pages show is what is seen.
import { describe, expect, test } from 'vitest';
import { applyDiff, blocksOf, examplesOf, type Files, pageOf, STEPS, typed } from './page.ts';
import { Talk } from './talk.ts';

const NOTHING: Files = new Map();
const earlierThan = (step: string): string | undefined => STEPS[STEPS.indexOf(step) - 1];
const filesOf = (step: string | undefined): Files =>
  step === undefined ? NOTHING : examplesOf(step);

async function hold(files: Files, text: string): Promise<void> {
  const talk = new Talk(files);
  try {
    await talk.hold(text);
  } finally {
    await talk.end();
  }
}

test('there are ten', () => expect(STEPS).toHaveLength(10));

test('a change that fits nowhere, or twice, is refused', () => {
  expect(applyDiff('a\nb\nc\n', ' a\n-b\n+x\n')).toBe('a\nx\nc\n');
  expect(() => applyDiff('a\nb\n', '-c\n+d\n')).toThrow('at 0 places');
  expect(() => applyDiff('a\na\n', '-a\n+d\n')).toThrow('at 2 places');
});

describe.each(STEPS)('%s', (step) => {
  const page = pageOf(step);
  const blocks = blocksOf(page);

  test('typing what the page says makes the program', () => {
    const changes = blocks.filter(({ kind }) => kind === 'change');
    expect(changes.length).toBeGreaterThan(0);
    expect([...typed(filesOf(earlierThan(step)), changes)]).toEqual([...examplesOf(step)]);
  });

  test('its whole files are at the end', () => {
    const earlier = filesOf(earlierThan(step));
    const changed = [...examplesOf(step)].filter(([name, text]) => earlier.get(name) !== text);
    const shown = blocks.filter(({ kind }) => kind === 'file').map(({ of, text }) => [of, text]);
    expect(shown).toEqual(changed.map(([name, text]) => [`examples/guide/${step}/${name}`, text]));
  });

  test('no code is on the page that is not one of these', () => {
    const fences = page.match(/^```(ts|diff|text)$/gm) ?? [];
    expect(fences).toHaveLength(blocks.length);
  });

  const talks = blocks.flatMap((block, index) => {
    if (block.kind !== 'talk') return [];
    const faults = blocks.slice(0, index).filter(({ kind }) => kind === 'fault');
    return [{ ...block, fault: faults.at(-1) }];
  });

  test.each(talks)('what is seen: $of', async ({ of, text, fault }) => {
    if (of === 'before') await hold(filesOf(earlierThan(step)), text);
    else if (of === 'fault') await hold(typed(examplesOf(step), fault ? [fault] : []), text);
    else await hold(examplesOf(step), text);
  });
});
