// `edgewise lab …` with every mistake: one line says which, and exit code 2.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getuid } from 'node:process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Course, MAIN } from './course.ts';

let course: Course;
beforeAll(() => {
  course = new Course();
  course.handIn('echo');
  course.write('empty/notes.txt', 'later');
});
afterAll(() => course.remove());

const lab = (...args: string[]) => course.lab(...args);

describe('without edgewise-labs', () => {
  test('one line says how to install it, and exit code 2', () => {
    // A copy of the command line in a folder of its own, beside which there is none.
    const labless = mkdtempSync(join(tmpdir(), 'labless-'));
    execFileSync('cp', ['-r', MAIN.replace('cli/main.js', '.'), `${labless}/`]);
    writeFileSync(`${labless}/package.json`, '{ "type": "module" }');
    const words = [`${labless}/cli/main.js`, 'lab', 'list'];
    const { status, stdout, stderr } = spawnSync(process.execPath, words, {
      cwd: '/',
      encoding: 'utf8',
    });
    rmSync(labless, { recursive: true });
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toBe('edgewise: edgewise-labs is not installed: npm i -D edgewise-labs\n');
  });
});

describe('mistakes: exit code 2 and one line', () => {
  test.each([
    [['grade'], /unknown command 'lab grade' \(see: edgewise help lab\)/],
    [['check'], /N is required/],
    [['check', '9'], /there is no lab '9'; N is 1, 2: npx edgewise lab list/],
    [['check', 'one'], /there is no lab 'one'/],
    [['check', '3'], /there is no lab '3'/],
    [
      ['check', '1', 'nowhere'],
      /there is no folder nowhere: npx edgewise lab start 1 nowhere makes one/,
    ],
    [['check', '1', 'no where'], /edgewise lab start 1 'no where' makes one/],
    [['check', '1', 'empty'], /lab 1 is not in empty: it has no echo\.ts/],
    [['check', '2'], /lab 2 is not here: npx edgewise lab start 2; .* check 2 DIR$/m],
    [['watch', '2'], /lab 2 is not here/],
    [['view', '2'], /lab 2 is not here/],
    [['check', '1', 'echo/echo.js'], /echo\/echo\.js is no folder/],
    [['check', '1', 'echo', 'echo'], /'echo' is one word too many/],
    [['check', '1', 'echo', '--only', '1.22'], /there is no check '1\.22'; did you mean 1\.2\?/],
    [['check', '1', 'echo', '--only', '2.1'], /2\.1 is a check of lab 2, and lab 1 is graded/],
    [['check', '1', 'echo', '--only', '9.9'], /there is no check '9\.9': npx edgewise lab list/],
    [['check', '1', 'echo', '--format', 'xml'], /--format takes one of text, json, /],
    [['check', '1', 'echo', '--out', 'nowhere/file'], /nowhere\/file cannot be written: ENOENT/],
    [['check', '1', 'echo', '--out', 'echo'], /echo is a folder/],
    [['check', '1', 'echo', '--seed', '-1'], /--seed takes a whole number from 0 to \d+, not '-1'/],
    [['check', '1', 'echo', '--repeat', '0'], /--repeat takes a whole number from 1/],
    [['start', '3'], /there is no lab '3'/],
    [['start', '1', 'echo/echo.js'], /is no folder/],
    [['status', 'nowhere'], /there is no folder nowhere/],
    [['explain'], /ID is required/],
    [['explain', '1.q'], /there is no check '1\.q'; did you mean 1\.\d\?/],
    [['explain', '1'], /1 is a lab; its checks are 1\.1 to 1\.3/],
    [['explain', '9.9'], /there is no check '9\.9': npx edgewise lab list/],
    [['view', '2', 'echo'], /no check of lab 2 has failed in echo/],
    [['pack', 'gradescop', '1', '-o', 'x.zip'], /KIND is one of .*; did you mean gradescope\?/],
    [['pack', 'gradescope', '1,9', '-o', 'x.zip'], /N takes numbers from 1 to 8, not '9'/],
    [['list', 'stray'], /./],
  ] as [string[], RegExp][])('lab %j', async (args, message) => {
    const ended = await lab(...args);
    expect(ended).toMatchObject({ code: 2, stdout: '' });
    expect(ended.stderr).toMatch(/^edgewise: [^\n]+\n$/);
    expect(ended.stderr).toMatch(message);
  });

  if (getuid?.() === 0) console.log('skipped: root can read every folder');
  test.skipIf(getuid?.() === 0)('a folder that cannot be read', async () => {
    course.handIn('echo', 'locked');
    execFileSync('chmod', ['000', course.path('locked')]);
    expect((await lab('check', '1', 'locked')).stderr).toMatch(/locked cannot be read: EACCES/);
    execFileSync('chmod', ['700', course.path('locked')]);
  });
});
