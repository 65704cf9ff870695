// `edgewise lab …` as a student and a teacher use it: in a folder, from the outside, with every mistake.
import { execFileSync, spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { LabResult } from '../../labs/src/result.ts';
import { Course, MAIN } from './course.ts';

let course: Course;
beforeAll(() => {
  course = new Course();
  for (const program of ['echo', 'silent']) course.handIn(program);
  course.write('empty/notes.txt', 'later');
});
afterAll(() => course.remove());

const lab = (...args: string[]) => course.lab(...args);
const isWide = (line: string) => [...line].length > 80;

describe('help', () => {
  test('the commands, and for each its options, in eighty columns', async () => {
    const { code, stdout } = await lab();
    const names = [...stdout.matchAll(/^ {2}(\w+) +\S/gm)].map(([, name = '']) => name);
    expect(code).toBe(0);
    expect(names).toEqual('list start check watch status explain view pack doctor'.split(' '));
    for (const name of names) {
      const help = await lab(name, '--help');
      expect(help.stdout).toMatch(new RegExp(`^usage: edgewise lab ${name} `));
      expect(help.stdout.split('\n').filter(isWide)).toEqual([]);
    }
  });
});

describe('list and doctor', () => {
  test('a line for each lab', async () => {
    const { stdout } = await lab('list');
    expect(stdout).toMatch(
      /^lab {2}title {2}points {2}checks {2}folder\n1 +Echo +10 +3 +01-echo\n2 /,
    );
  });

  test('what is here', async () => {
    const { code, stdout } = await lab('doctor');
    expect(code).toBe(0);
    for (const what of [
      'edgewise',
      'Node',
      'TypeScript',
      '/proc',
      'descriptors',
      'cores',
      'loopback',
    ]) {
      expect(stdout).toMatch(new RegExp(`^${what} +\\S`, 'm'));
    }
  });
});

describe('start', () => {
  test('copies the starter and the sheet, and says what is next', async () => {
    const { code, stdout } = await lab('start', '1');
    expect(code).toBe(0);
    expect(stdout).toMatch(/\nnext: npx edgewise lab check 1 01-echo\n$/);
    expect(course.text('01-echo/README.md')).toMatch(/^# Lab 1/);
    expect(course.text('01-echo/README.md')).toContain(
      '[semantics](../node_modules/edgewise/docs/semantics.md)',
    );
    expect(course.json('01-echo/package.json')).toMatchObject({
      type: 'module',
      dependencies: { edgewise: expect.any(String) },
    });
    expect(course.has('01-echo/tsconfig.json')).toBe(true);
    expect(course.text('01-echo/port.ts')).toMatch(/words: readonly string\[\]/);
  });

  test('overwrites nothing', async () => {
    const again = await lab('start', '1');
    expect(again).toMatchObject({ code: 2, stdout: '' });
    expect(again.stderr).toMatch(/01-echo\/\S+ is there already/);
  });

  test('says how the folder is given, as a shell takes it', async () => {
    const { stdout } = await lab('start', '1', 'lab 1');
    expect(stdout).toMatch(/^next: npx edgewise lab check 1 'lab 1'$/m);
  });

  test('--js: the same in JavaScript, with its comments, and all its checks can be made', async () => {
    expect(await lab('start', '1', 'script', '--js')).toMatchObject({ code: 0 });
    const text = course.text('script/echo.js');
    expect(text).toContain('// Task a: send back what comes.');
    expect(text).toContain("import { portIn } from './port.js';");
    expect(text).not.toMatch(/Socket|as \{/);
    const { code, stdout } = await lab('check', '1', 'script');
    expect(code).toBe(1);
    expect(stdout).toMatch(/^✗ 1\.1 .* 0\/6\n.*^✓ 1\.2 .* 4\/4$/ms);
  });
});

describe('check', () => {
  test('all passed: exit code 0, and progress at most a line in five seconds', async () => {
    const { code, stdout, stderr } = await lab('check', '1', 'echo');
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /\n\n10 of 10 points; 3 of 3 checks passed\nnext: npx edgewise lab start 2\n$/,
    );
    expect(stderr).toMatch(/^1 of 3: 1\.1 an echo of one line\n([23] of 3: [^\n]+\n)?$/);
  });

  test('in a folder of another lab nothing is graded, and nothing is written', async () => {
    course.write('other-lab/echo.js', '');
    course.write('other-lab/package.json', '{ "name": "02-more", "type": "module" }');
    const { status, stderr } = spawnSync(process.execPath, [MAIN, 'lab', 'check', '1'], {
      cwd: course.path('other-lab'),
      encoding: 'utf8',
    });
    expect({ status, stderr }).toEqual({
      status: 2,
      stderr: expect.stringMatching(/^edgewise: lab 1 is not here: [^\n]+\n$/),
    });
    expect(course.has('other-lab/.edgewise')).toBe(false);
    expect(course.has('empty/.edgewise')).toBe(false);
  });

  test('--allow-empty: what an archive was given has a result in any case', async () => {
    const { code, stdout } = await lab('check', '1', 'empty', '--allow-empty');
    expect(code).toBe(1);
    expect(stdout).toMatch(/\n0 of 10 points/);
  });

  test('by the folder of a lab, as list has it', async () => {
    const { status, stdout } = spawnSync(process.execPath, [MAIN, 'lab', 'check', '01-echo/'], {
      cwd: course.path('echo'),
      encoding: 'utf8',
    });
    expect(status).toBe(0);
    expect(stdout).toMatch(/^Lab 1 /);
  });

  test('some failed: exit code 1, eighty columns, no colour', async () => {
    const { code, stdout } = await lab('check', '1', 'silent');
    expect(code).toBe(1);
    expect(stdout).not.toMatch(/\n\n\n/);
    expect(stdout).toMatch(/^ {2}why {7}A stream has no messages: 3 bytes/m);
    expect(stdout.split('\n').filter(isWide)).toEqual([]);
    expect(stdout).not.toContain('\x1b');
  });

  test('another format in a pipe: nothing else is printed', async () => {
    const { code, stdout, stderr } = await lab(
      'check',
      '1',
      'silent',
      '--format',
      'json',
      '--seed',
      '5',
    );
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
    const result = JSON.parse(stdout) as LabResult;
    expect(result).toMatchObject({ format: 'edgewise/lab-result/v1', lab: 1, seed: 5, score: 4 });
  });

  test('--out: the format in a file, the text on standard output', async () => {
    const words = ['check', '1', 'echo', '--format', 'junit', '--out', 'result.xml'];
    const { code, stdout } = await lab(...words);
    expect(code).toBe(0);
    expect(stdout).toMatch(/10 of 10 points/);
    expect(course.text('result.xml')).toMatch(/^<\?xml/);
  });

  test('--only and --repeat', async () => {
    const { code, stdout, stderr } = await lab(
      'check',
      '1',
      'echo',
      '--only',
      '1.2',
      '--repeat',
      '2',
    );
    expect(code).toBe(0);
    expect(stdout).toMatch(/\n4 of 4 points of the checks that were made; 1 of 1 check passed\n$/);
    expect(stderr).toMatch(/^1 of 2: 1\.2 [^\n]+\n(2 of 2: 1\.2 [^\n]+\n)?$/);
  });

  test('actions: a page for the summary of the step', async () => {
    const env = { GITHUB_STEP_SUMMARY: course.path('summary.md') };
    const { stdout } = await course.labWith(env, 'check', '1', 'silent', '--format', 'actions');
    expect(stdout).toMatch(/^::error title=1\.1 an echo of one line::did/);
    expect(course.text('summary.md')).toMatch(/^## Lab 1: Echo\n/);
  });

  test('the grader itself fails: exit code 3, and it is no fault of the student', async () => {
    course.write('echo/fault', '');
    const { code, stdout, stderr } = await lab('check', '1', 'echo', '--only', '1.3');
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
    expect(stderr).toMatch(
      /^edgewise: the grader itself has failed: no such table\nError: no such/m,
    );
    expect(stderr).toMatch(/^This is no fault of the program under test/m);
    execFileSync('rm', [course.path('echo/fault')]);
  });

  test('on a terminal: one line is rewritten, with colours; with NO_COLOR without', () => {
    const command = `${process.execPath} ${MAIN} lab check 1 silent --only 1.1`;
    const onTerminal = (env: NodeJS.ProcessEnv) =>
      spawnSync('script', ['-qec', command, '/dev/null'], {
        cwd: course.folder,
        env: { ...process.env, NO_COLOR: '', ...env },
        encoding: 'utf8',
      }).stdout;
    const colored = onTerminal({});
    expect(colored).toContain('\r\x1b[K1 of 1: 1.1 an echo of one line\r\x1b[K');
    expect(colored).toContain('\x1b[31m✗\x1b[0m 1.1');
    expect(onTerminal({ NO_COLOR: '1' })).not.toContain('\x1b[31m');
  });
});

describe('labs.config.json', () => {
  test('points, labs and repeats are the teacher’s', async () => {
    course.write('labs.config.json', '{ "labs": [1], "points": { "1.1": 16 }, "repeat": 1 }');
    expect((await lab('list')).stdout).toMatch(/^1 +Echo +20 +3 +01-echo\n$/m);
    course.write('labs.config.json', '{ "pionts": {} }');
    expect(await lab('list')).toMatchObject({
      code: 2,
      stderr: "edgewise: labs.config.json: 'pionts' is unknown; did you mean points?\n",
    });
    course.write('labs.config.json', '{ "points": { "1.11": 1 } }');
    expect((await lab('list')).stderr).toMatch(/there is no check '1\.11'; did you mean 1\.1\?/);
    course.write('labs.config.json', '[');
    expect((await lab('list')).stderr).toMatch(/it is no JSON object/);
    execFileSync('rm', [course.path('labs.config.json')]);
  });
});

describe('status, explain and view', () => {
  test('how far the labs are, from folders below as well', async () => {
    course.write('other/.edgewise/progress.json', 'damaged');
    await lab('check', '1', 'silent');
    const { stdout } = await lab('status');
    expect(stdout).toMatch(
      /^1 +silent +4\/10 +\d{4}-\d\d-\d\d \d\d:\d\d +1\.1 an echo of one line$/m,
    );
    expect(stdout).toMatch(/^1 +echo +10\/10 /m);
    expect(stdout).toMatch(/^2 +– +– +–$/m);
    expect(stdout.split('\n').filter(isWide)).toEqual([]);
  });

  test('status of a narrow terminal, with as much of a name as it has columns for', () => {
    const words = `stty cols 60; ${process.execPath} ${MAIN} lab status`;
    const { stdout } = spawnSync('script', ['-qec', words, '/dev/null'], {
      cwd: course.folder,
      encoding: 'utf8',
    });
    const lines = stdout.split('\r\n');
    expect(lines.filter((line) => [...line].length > 60)).toEqual([]);
    expect(stdout).toMatch(/ 1\.1 an ec.*…\r$/m);
  });

  test('a check in full, with all its causes', async () => {
    const { code, stdout } = await lab('explain', '1.1');
    expect(code).toBe(0);
    for (const text of [
      'did',
      'expected',
      'way 1 of 2 to fail:',
      'way 2 of 2',
      ': … bytes',
      'recv(2)',
    ]) {
      expect(stdout).toContain(text);
    }
    expect((await lab('explain', '2.1')).stdout.split('\n').filter(isWide)).toEqual([]);
  });

  test('the page of a trace', async () => {
    expect((await lab('view', '1', 'silent')).stderr).toMatch(
      /1\.1 has left no trace: this check is not recorded/,
    );
    course.write(
      'turn.mjs',
      "import { Reactor } from 'edgewise';\nconst reactor = new Reactor();\nreactor.turn(0);\nreactor.close();\n",
    );
    const trace = course.path('silent/.edgewise/1.1.edgetrace');
    const words = [MAIN, 'trace', '-o', trace, 'turn.mjs'];
    execFileSync(process.execPath, words, { cwd: course.folder, stdio: 'pipe' });
    const { code, stdout } = await lab('view', '1', 'silent');
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: `1.1: file://${course.path('silent/.edgewise/1.1.html')}\nas text: npx edgewise view silent/.edgewise/1.1.edgetrace\n`,
    });
    expect(course.text('silent/.edgewise/1.1.html')).toMatch(/^<!doctype html>/i);
  });
});

describe('watch', () => {
  test('goes on from the first failing check when a file was saved', async () => {
    course.handIn('silent', 'watched');
    const child = course.start({}, 'watch', '1', 'watched');
    let stdout = '';
    let changed: () => void = () => undefined;
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
      changed();
    });
    const printed = async (pattern: RegExp) => {
      while (!pattern.test(stdout)) {
        await new Promise<void>((resolve) => {
          changed = resolve;
        });
      }
    };
    await printed(
      /── \d\d:\d\d:\d\d ─+\n.* 0\/6\n.*\n\n0 of 6 points of the checks that were made; 0 of 1 check passed\n.*waiting for a change in watched\n/s,
    );
    course.handIn('echo', 'watched');
    await printed(/10 of 10 points; 3 of 3 checks passed\n.*waiting for a change in watched\n/s);
    const ended = new Promise((resolve) => child.on('close', resolve));
    child.kill('SIGINT');
    expect(await ended).toBe(0);
  });
});
