// The package of the labs, as npm makes it: what a student's `lab start` copies has to be in it, and no solution.
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const LABS = fileURLToPath(new URL('../../labs', import.meta.url));

test('every sheet and every starter is in the package, and no mutant', () => {
  const output = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd: LABS,
    encoding: 'utf8',
  });
  const packages = JSON.parse(output) as { files: { path: string }[] }[];
  const packed = packages.flatMap(({ files }) => files.map(({ path }) => path));
  const folders = readdirSync(LABS).filter((name) => /^\d\d-/.test(name));
  const wanted = folders.flatMap((folder) => {
    const starter = readdirSync(join(LABS, folder, 'starter'), { recursive: true });
    const files = starter.map(String).filter((path) => /\.\w+$/.test(path));
    return [`${folder}/README.md`, ...files.map((path) => `${folder}/starter/${path}`)];
  });
  expect(folders.length).toBeGreaterThan(5);
  expect(wanted.filter((path) => !packed.includes(path))).toEqual([]);
  expect(packed.filter((path) => /solution|mutants/.test(path))).toEqual([]);
});

test('what is handed in is named as the files of the starter are', async () => {
  const { labs } = (await import(`${LABS}/dist/src/index.js`)) as {
    labs: { folder: string; files: string[] }[];
  };
  const strange = labs.flatMap(({ folder, files }) => {
    const starter = readdirSync(join(LABS, folder, 'starter'));
    const programs = files.filter((file) => !file.endsWith('.json'));
    return programs.filter((file) => !starter.includes(file)).map((file) => `${folder}/${file}`);
  });
  expect(labs.length).toBe(8);
  expect(strange).toEqual([]);
});
