// docs/testing.md, from the first server on: its programs are the files that are named, they run, and those that
// are to fail say what the page says.
import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { testsOf } from './examples/program.ts';

const ROOT = new URL('../../', import.meta.url);
const textOf = (path: string): string => readFileSync(new URL(path, ROOT), 'utf8');
const PAGE = textOf('docs/testing.md');
const groupsOf = (pattern: RegExp): [string, string][] =>
  [...PAGE.matchAll(pattern)].map(([, path = '', text = '']) => [path, text]);

const PROGRAMS = groupsOf(/<!-- (examples\/[\w/.-]+\.ts) -->\n\n```ts\n([\s\S]*?)```\n/g);
const FAILURES = new Map(
  groupsOf(/<!-- fails: (examples\/[\w/.-]+\.ts) -->\n\n```\n([\s\S]*?)```\n/g),
);
const ONE_CHUNK = 'examples/testing/one-chunk.test.ts';

/** What the tests of a file fail with; undefined: nothing. */
async function failureOf(path: string): Promise<Error | undefined> {
  const tests = await testsOf(path.replace(/^examples\/|\.ts$/g, ''));
  expect(tests.size).toBeGreaterThan(0);
  for (const run of tests.values()) {
    const error = await run().then(
      () => undefined,
      (thrown: Error) => thrown,
    );
    if (error !== undefined) return error;
  }
  return undefined;
}

it('no other code of TypeScript is on the page', () => {
  expect(PROGRAMS.length).toBeGreaterThan(7);
  expect(PAGE.match(/^```ts$/gm)).toHaveLength(PROGRAMS.length);
});

describe.each(PROGRAMS)('%s', (path, code) => {
  it('is on the page as it is', () => expect(code).toBe(textOf(path)));

  it.runIf(path.endsWith('.test.ts') && path !== ONE_CHUNK)('does what the page says', async () => {
    const expected = FAILURES.get(path)?.trimEnd();
    expect((await failureOf(path))?.message.split('\n')[0]).toBe(expected);
  });
});

describe(ONE_CHUNK, () => {
  afterEach(() => {
    delete process.env.EDGEWISE_SIM;
  });

  it('fails by one cut, and again with what the page has', async () => {
    const [, replay] = /the message ends with `EDGEWISE_SIM='([-\d.]+)'`/.exec(PAGE) ?? [];
    const error = await failureOf(ONE_CHUNK);
    expect(error?.message).toContain(`EDGEWISE_SIM='${replay}'`);
    process.env.EDGEWISE_SIM = replay;
    const again = await failureOf(ONE_CHUNK);
    expect(again).toMatchObject({ code: 'ERR_ASSERTION', actual: 'H', expected: 'HELLO' });
  });

  it('a run of choices that is not its own ends well', async () => {
    process.env.EDGEWISE_SIM = '';
    expect(await failureOf(ONE_CHUNK)).toBe(undefined);
  });
});
