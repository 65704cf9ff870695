// The sentences that the page quotes are those of docs/semantics.md, and each is quoted where it belongs.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Kind, Outcome } from '../../src/trace/index.ts';
import { ALL_RULES, ruleOf } from '../../viewer/rules.ts';

const semantics = readFileSync(new URL('../../docs/semantics.md', import.meta.url), 'utf8');
const sections = new Map(
  semantics.split(/^#+ /m).map((section) => {
    const [title = '', ...lines] = section.split('\n');
    return [title, lines.join(' ').replaceAll(/[`*_]/g, '').replaceAll(/\s+/g, ' ')];
  }),
);

it.each(ALL_RULES)('“$sentence” is under “$title”', ({ title, sentence }) => {
  expect(sections.get(title)).toContain(sentence.replaceAll('_', ''));
});

describe('an event is an example of', () => {
  const [LEVEL, EDGE, ONESHOT] = [0, 1, 2];
  const quoted = (kind: number, a: number, b: number, trigger: number, isUndrained = false) =>
    ruleOf({ kind, a, b }, trigger, isUndrained)?.sentence;

  it.each([
    [LEVEL, /^Level reports a readable/],
    [EDGE, /^Edge reports a readable descriptor once/],
    [ONESHOT, /^Oneshot reports once/],
  ])('the trigger, when it is a report (%d)', (trigger, sentence) => {
    expect(quoted(Kind.Report, 1, 1, trigger)).toMatch(sentence);
  });

  it('the drain rule, where a handler returned too early, and only there', () => {
    expect(quoted(Kind.HandlerEnd, 0, 0, EDGE, true)).toMatch(/^An edge reader that stops early/);
    expect(quoted(Kind.HandlerEnd, 0, 0, EDGE)).toBeUndefined();
    expect(quoted(Kind.HandlerEnd, 0, Outcome.Requeued, EDGE)).toMatch(/stops at its budget/);
    expect(quoted(Kind.HandlerEnd, 0, Outcome.Threw, EDGE)).toMatch(/throws/);
  });

  it('no sentence, when it is a call', () => {
    expect(quoted(Kind.Call, 5, 0, EDGE)).toBeUndefined();
  });
});
