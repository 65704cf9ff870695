// The scripts of package.json: few, each described in CONTRIBUTING, and those that take a name list
// their tasks, refuse others, and are named rightly wherever a text says what to run.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { nearestOf } from '../src/nearest.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const { nearestOf: nearestInScripts } = await import(`${ROOT}scripts/nearest.mjs`);
const SCRIPTS_MAX = 20;
/** Scripts that take a name as their first argument. */
const DISPATCHERS = {
  build: 'build.mjs',
  check: 'check.mjs',
  site: 'site.mjs',
  'test:long': 'test-long.mjs',
};

const read = (path: string) => readFileSync(`${ROOT}${path}`, 'utf8');
const names = Object.keys(JSON.parse(read('package.json')).scripts);
const contributing = read('CONTRIBUTING.md');

function run(file: string, ...args: string[]) {
  const words = [`${ROOT}scripts/${file}`, ...args];
  const { status, stdout, stderr } = spawnSync(process.execPath, words, { encoding: 'utf8' });
  return { status, stdout, stderr };
}

function tasksOf(file: string): string[] {
  const { stdout } = run(file, '--list');
  const [, table = ''] = stdout.split('\n\n');
  return table.split('\n').flatMap((line) => /^\S+/.exec(line)?.[0] ?? []);
}

test(`there are at most ${SCRIPTS_MAX}`, () => {
  expect(names.length).toBeLessThanOrEqual(SCRIPTS_MAX);
});

test.each(names)('CONTRIBUTING has %s', (name) => {
  expect(contributing).toMatch(new RegExp(`\`[^\`]*npm (run )?${name}(?![\\w:-])[^\`]*\``));
});

describe.each(Object.entries(DISPATCHERS))('npm run %s', (script, file) => {
  test('lists its tasks with what they do and how long they take', () => {
    const { status, stdout } = run(file, '--list');
    expect(status).toBe(0);
    expect(tasksOf(file).length).toBeGreaterThan(1);
    for (const line of stdout.trim().split('\n\n')[1]?.split('\n') ?? []) {
      expect(line).toMatch(/^\S+ +\S.+ \(.+\)$/);
    }
  });

  test('CONTRIBUTING has each of them', () => {
    const missing = tasksOf(file).filter(
      (task) => !contributing.includes(`npm run ${script} -- ${task}`),
    );
    expect(missing).toEqual([]);
  });

  test('refuses a name that it does not know with one line and exit code 2', () => {
    const { status, stdout, stderr } = run(file, 'nothing');
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toMatch(new RegExp(`^${script}: unknown name 'nothing'; there are [^\n]+\n$`));
  });
});

test('a task must be named where none is usual', () => {
  expect(run('test-long.mjs')).toMatchObject({ status: 2, stdout: '' });
});

describe('what is meant by a mistyped name, before anything is built', () => {
  test.each([
    ['check.mjs', ['lnt'], /^check: unknown name 'lnt'; did you mean 'lint'\?\n$/],
    ['build.mjs', ['vewer'], /^build: unknown name 'vewer'; did you mean 'viewer'\?\n$/],
    ['example.mjs', [], /^example: a name is missing\nusage: npm run example -- NAME /],
    ['example.mjs', ['ecko'], /^example: unknown example 'ecko'; did you mean 'echo'\?\nusage: /],
    ['example.mjs', ['zzzz'], /^example: unknown example 'zzzz'\nusage: [\s\S]*\becho\/net\b/],
    ['serve.mjs', [], /^serve: DIR is missing \(see: [^\n]+\n$/],
    ['serve.mjs', ['.', '--prt', '1'], /^serve: unknown option '--prt'; did you mean --port\? \(/],
    ['serve.mjs', ['.', '--port'], /^serve: --port needs a value: --port N \(see: /],
    [
      'serve.mjs',
      ['.', '--port', '-1'],
      /^serve: --port takes a whole number from 0 to 65535, not '-1'/,
    ],
    ['serve.mjs', ['.', '--port', '1', '--port', '2'], /^serve: --port was given twice \(/],
    ['serve.mjs', ['.', '--help=x'], /^serve: --help takes no value \(/],
    ['serve.mjs', ['.', '.'], /^serve: '\.' is one word too many \(/],
    ['serve.mjs', ['nowhere'], /^serve: nowhere is no folder \(/],
  ])('%s %j', (file, args, message) => {
    const { status, stdout, stderr } = run(file, ...args);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toMatch(message);
  });

  test.each(['example.mjs', 'serve.mjs'])('%s --help and -h', (file) => {
    const { status, stdout, stderr } = run(file, '--help');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(/^usage: npm run /);
    expect(run(file, '-h').stdout).toBe(stdout);
    expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
  });

  test('scripts and package say the same', () => {
    const known = ['port', 'host', 'trigger', 'help', 'connections', 'x'];
    for (const word of ['prt', 'Host', 'tigger', 'hlep', 'connection', 'y', '', 'nothing']) {
      expect([word, nearestInScripts(word, known)]).toEqual([word, nearestOf(word, known)]);
    }
  });
});

test('every command that a text names exists', () => {
  const listed = spawnSync('git', ['ls-files'], { cwd: ROOT, encoding: 'utf8' });
  const files = listed.stdout
    .split('\n')
    .filter((file) => /\.(md|mjs|ts|c|cc|yml|txt)$/.test(file));
  const tasks = new Map(
    Object.entries(DISPATCHERS).map(([script, file]) => [script, tasksOf(file)]),
  );
  const scenarios = read('bench/list.txt').match(/^[a-z-]+/gm) ?? [];
  tasks.set('bench', [...scenarios, 'compare', 'report']);
  const wrong = files.flatMap((file) => {
    const commands = read(file).matchAll(
      /\bnpm run(?: -s| --silent)* ([a-z][\w:-]*)(?:,? --\s(?:\/\/ |# )?\s*([a-z][a-z-]*))?/g,
    );
    return [...commands]
      .filter(([, name = '', task]) => {
        if (!names.includes(name)) return true;
        return task !== undefined && tasks.get(name)?.includes(task) === false;
      })
      .map(([command]) => `${file}: ${command}`);
  });
  expect(wrong).toEqual([]);
});
