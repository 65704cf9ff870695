// The archives for other systems: unpacked where those unpack them, and run as they run them, in a namespace whose
// only interface is loopback.
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { unzipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Course } from './course.ts';

const LOOPBACK_ONLY = ['-rn', 'sh', '-c', 'ip link set lo up && exec "$@"', 'sh'];
const { status: unshared, stderr: refusal } = spawnSync('unshare', [...LOOPBACK_ONLY, 'true'], {
  encoding: 'utf8',
});
const isApart = unshared === 0;
if (!isApart) console.log(`run with the network of this machine: unshare -rn: ${refusal}`);
const hasPython = spawnSync('python3', ['--version']).status === 0;
if (!hasPython) console.log('skipped: there is no python3, in which Classroom 50 begins');

let course: Course;
beforeAll(() => {
  course = new Course();
});
afterAll(() => course.remove());

/** Modes are not in what fflate returns: those of programs are in the archive's directory, as `unzip` finds them. */
function unpack(archive: string, folder: string): string[] {
  const files = unzipSync(readFileSync(course.path(archive)));
  for (const [path, bytes] of Object.entries(files)) {
    const to = course.path(join(folder, path));
    mkdirSync(dirname(to), { recursive: true });
    writeFileSync(to, bytes);
  }
  return Object.keys(files);
}

function run(words: readonly string[], env: NodeJS.ProcessEnv = {}, cwd = course.folder) {
  const apart = isApart ? ['unshare', ...LOOPBACK_ONLY] : [];
  const [file = '', ...args] = [...apart, ...words];
  return spawnSync(file, args, { cwd, env: { ...process.env, ...env }, encoding: 'utf8' });
}

test('without a file: by kind and lab', async () => {
  const { code, stdout } = await course.lab('pack', 'classroom50', '1');
  expect(code).toBe(0);
  expect(stdout).toMatch(/^classroom50-1\.zip: lab 1 for classroom50, /);
  expect(course.has('classroom50-1.zip')).toBe(true);
});

describe('gradescope', () => {
  beforeAll(async () => {
    const { code, stdout } = await course.lab('pack', 'gradescope', '1', '-o', 'gradescope.zip');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^gradescope\.zip: lab 1 for gradescope, \d+ files, [\d.]+ MB\n$/);
    const paths = unpack('gradescope.zip', 'autograder/source');
    expect(paths).toEqual(
      expect.arrayContaining([
        'setup.sh',
        'run_autograder',
        'grader/grade.sh',
        'grader/node_modules/edgewise/dist/cli/main.js',
        'grader/node_modules/edgewise-labs/dist/src/index.js',
      ]),
    );
    expect(paths.some((path) => path.endsWith('/edgewise.node'))).toBe(true);
    expect(
      paths.filter((path) => /\.(ts|map)$|fflate/.test(path) && !/starter/.test(path)),
    ).toEqual([]);
  });

  const grade = (program: string, folder: string) => {
    course.handIn(program, folder);
    const env = { AUTOGRADER_ROOT: course.path('autograder') };
    return run(['bash', 'autograder/source/run_autograder'], env);
  };
  const result = () => course.json<Record<string, unknown>>('autograder/results/results.json');

  test('programs are executable for unzip', () => {
    const listed = spawnSync('unzip', ['-Z', course.path('gradescope.zip')], { encoding: 'utf8' });
    if (listed.error !== undefined) return console.log('unzip is not installed');
    expect(listed.stdout).toMatch(/^-rwxr-xr-x .* run_autograder$/m);
    expect(listed.stdout).toMatch(/^-rwxr-xr-x .* setup\.sh$/m);
    expect(listed.stdout).toMatch(/^-rw-r--r-- .* grader\/node_modules\/edgewise\/package\.json$/m);
  });

  test('a good grade and a bad one, both with exit code 0', () => {
    expect(grade('echo', 'autograder/submission')).toMatchObject({ status: 0 });
    expect(result()).toMatchObject({ score: 10, tests: [{ status: 'passed' }, {}, {}] });
    expect(grade('silent', 'autograder/submission')).toMatchObject({ status: 0 });
    expect(result()).toMatchObject({
      score: 4,
      tests: [{ status: 'failed', number: '1.1' }, {}, {}],
    });
  });

  test('a folder in the submission, and what it brings along', () => {
    spawnSync('rm', ['-r', course.path('autograder/submission')]);
    course.write('autograder/submission/mine/node_modules/edgewise/package.json', '{}');
    course.write('autograder/submission/mine/labs.config.json', '{ "points": { "1.1": 100 } }');
    expect(grade('echo', 'autograder/submission/mine')).toMatchObject({ status: 0 });
    expect(result()).toMatchObject({ score: 10 });
    spawnSync('rm', ['-r', course.path('autograder/submission/mine')]);
  });

  test('what was given need not be handed in, in JavaScript and in TypeScript', () => {
    const given = 'node_modules/edgewise-labs';
    const solve = (text: string) => text.replace('socket.resume()', 'socket.pipe(socket)');
    const script = solve(course.text(`${given}/dist/js/01-echo/echo.js`));
    course.write('autograder/submission/echo.js', script);
    const env = { AUTOGRADER_ROOT: course.path('autograder') };
    expect(run(['bash', 'autograder/source/run_autograder'], env)).toMatchObject({ status: 0 });
    expect(result()).toMatchObject({ score: 10 });
    spawnSync('rm', ['-r', course.path('autograder/submission')]);
    course.write(
      'autograder/submission/echo.ts',
      solve(course.text(`${given}/01-echo/starter/echo.ts`)),
    );
    expect(run(['bash', 'autograder/source/run_autograder'], env)).toMatchObject({ status: 0 });
    const runsTypes = 'typescript' in process.features && process.features.typescript === 'strip';
    expect(JSON.stringify(result())).toMatch(runsTypes ? /"score":10/ : /echo\.ts, and Node v20/);
    spawnSync('rm', ['-r', course.path('autograder/submission')]);
  });

  test('an empty submission is 0 points', () => {
    mkdirSync(course.path('autograder/submission'), { recursive: true });
    const env = { AUTOGRADER_ROOT: course.path('autograder') };
    expect(run(['bash', 'autograder/source/run_autograder'], env)).toMatchObject({ status: 0 });
    expect(result()).toMatchObject({ score: 0 });
  });

  test('a fault of the grader is no grade', () => {
    course.write('autograder/submission/fault', '');
    expect(grade('echo', 'autograder/submission').status).toBe(3);
  });

  test('setup.sh: nothing to do where Node is, else that of nodejs.org', () => {
    const script = (name: string, text: string) => {
      course.write(`bin/${name}`, `#!/bin/sh\n${text}\n`);
      chmodSync(course.path(`bin/${name}`), 0o755);
    };
    const env = {
      AUTOGRADER_ROOT: course.path('autograder'),
      PATH: `${course.path('bin')}:/usr/bin:/bin`,
    };
    script('node', 'exit 0');
    script('curl', 'exit 1');
    expect(run(['bash', 'autograder/source/setup.sh'], env)).toMatchObject({ status: 0 });
    script('node', 'exit 1');
    expect(run(['bash', 'autograder/source/setup.sh'], env).status).not.toBe(0);
    const tar = `cd "$(mktemp -d)" && mkdir -p "$name/bin" && echo new >"$name/bin/node" && tar -cz "$name"`;
    script('curl', `name=$(basename "$2" .tar.gz); echo "$2" >"${course.path('url')}"; ${tar}`);
    expect(run(['bash', 'autograder/source/setup.sh'], env)).toMatchObject({ status: 0 });
    expect(course.text('url')).toMatch(
      /^https:\/\/nodejs\.org\/dist\/v([\d.]+)\/node-v\1-linux-(x64|arm64)\.tar\.gz\n$/,
    );
    expect(course.text('autograder/source/grader/bin/node')).toBe('new\n');
  });
});

describe('prairielearn', () => {
  beforeAll(async () => {
    expect(await course.lab('pack', 'prairielearn', '1', '-o', 'question.zip')).toMatchObject({
      code: 0,
    });
    unpack('question.zip', 'question');
    mkdirSync(course.path('grade'));
    spawnSync('cp', ['-r', course.path('question/tests'), course.path('grade/tests')]);
  });

  const grade = (program: string) => {
    course.handIn(program, 'grade/student');
    return run(['sh', 'grade/tests/run.sh'], { GRADE_ROOT: course.path('grade') });
  };
  const result = () => course.json('grade/results/results.json');

  test('a question with external grading, without network', () => {
    expect(course.json('question/info.json')).toMatchObject({
      gradingMethod: 'External',
      externalGradingOptions: { enabled: true, entrypoint: '/grade/tests/run.sh' },
    });
    expect(course.text('question/question.html')).toMatch(/file-names="echo\.ts"/);
  });

  test('a share of 1; what does not compile, and a fault of the grader, cost no attempt', () => {
    expect(grade('silent')).toMatchObject({ status: 0 });
    expect(result()).toMatchObject({ gradable: true, score: 0.4 });
    course.write('grade/student/echo.js', 'const = ;\n');
    expect(run(['sh', 'grade/tests/run.sh'], { GRADE_ROOT: course.path('grade') }).status).toBe(0);
    expect(result()).toMatchObject({
      gradable: false,
      format_errors: [expect.stringMatching(/SyntaxError/)],
    });
    course.write('grade/student/fault', '');
    expect(grade('echo')).toMatchObject({ status: 0 });
    expect(result()).toMatchObject({
      gradable: false,
      format_errors: expect.stringMatching(/no fault/),
    });
  });
});

describe('classroom50', () => {
  test.runIf(hasPython)('result.json in the checkout', async () => {
    expect(await course.lab('pack', 'classroom50', '1', '-o', 'c50.zip')).toMatchObject({
      code: 0,
    });
    unpack('c50.zip', 'autograders/echo');
    course.handIn('silent', 'checkout');
    const env = { CLASSROOM: 'systems', ASSIGNMENT: 'echo', SUBMISSION_TAG: 'submit/1' };
    const script = course.path('autograders/echo/autograder.py');
    expect(run(['python3', script], env, course.path('checkout'))).toMatchObject({ status: 0 });
    expect(course.json('checkout/result.json')).toMatchObject({
      schema: 'classroom50/result/v1',
      assignment: 'echo',
      score: 4,
      'max-score': 10,
    });
    course.write('checkout/fault', '');
    course.handIn('echo', 'checkout');
    expect(run(['python3', script], env, course.path('checkout')).status).toBe(3);
  });
});

test('several labs: a file for each', async () => {
  const { code, stdout } = await course.lab('pack', 'gradescope', '1,2', '-o', 'all.zip');
  expect(code).toBe(0);
  expect(stdout).toMatch(/^all-1\.zip: lab 1 .*\nall-2\.zip: lab 2 /);
  expect(course.has('all-2.zip')).toBe(true);
});
