// The code of docs/proactor.md is code of examples/, which test/examples/examples.test.ts runs.
import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const ROOT = new URL('../../', import.meta.url);

it('every block of code in docs/proactor.md is in a file of examples/', () => {
  const folder = new URL('examples/', ROOT);
  const examples = readdirSync(folder)
    .filter((file) => file.endsWith('.ts'))
    .map((file) => readFileSync(new URL(file, folder), 'utf8'));
  const text = readFileSync(new URL('docs/proactor.md', ROOT), 'utf8');
  const blocks = [...text.matchAll(/```ts\n(.*?)```/gs)].map((match) => match[1] as string);
  expect(blocks).toHaveLength(3);
  expect(blocks.filter((block) => !examples.some((example) => example.includes(block)))).toEqual(
    [],
  );
});
