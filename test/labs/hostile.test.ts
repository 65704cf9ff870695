// The grader against programs that do none of what they should: a clear result for each, no process left, and no
// descriptor of the grader's. The programs are in programs/.
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Exam } from '../../labs/src/exam/exam.ts';
import { canObserve, descendantsOf } from '../../labs/src/exam/observe.ts';
import { grade } from '../../labs/src/grade.ts';
import { type Check, type Lab, Miss } from '../../labs/src/lab.ts';
import type { Failure, LabResult } from '../../labs/src/result.ts';
import { Course } from './course.ts';

const silent = { why: 'It answers nothing.', next: 'answer', read: 'send(2)' };

const answers: Check = {
  id: '1.1',
  name: 'an echo',
  points: 1,
  task: 'a',
  did: 'sent a line',
  expected: 'the same line',
  causes: { silent },
  async run(exam: Exam) {
    const trial = await exam.start('echo');
    const peer = await exam.connect(trial);
    peer.write('hi\n');
    await exam.receive(trial, peer, 3, 'silent');
    await trial.end();
  },
};

const lab: Lab = { number: 1, folder: '01', title: 'Echo', files: ['echo.ts'], checks: [answers] };

let course: Course;
beforeAll(() => {
  course = new Course();
  course.write('broken/echo.js', '\nconst = ;\n');
  course.write('broken/package.json', '{ "type": "module" }');
});
afterAll(() => course.remove());

async function gradeProgram(program: string, folder = program): Promise<LabResult> {
  return await grade(lab, {
    folder: course.path(program === 'broken' ? program : course.handIn(program, folder)),
  });
}

async function failureOf(program: string): Promise<Failure | undefined> {
  const [check] = (await gradeProgram(program)).checks;
  return check?.failure;
}

/** What grading it leaves of processes: those whose command line or folder is in the course. */
function processesLeft(): string[] {
  const table = execFileSync('ps', ['-eo', 'pid,ppid,args'], { encoding: 'utf8' }).split('\n');
  return table.filter((line) => line.includes(course.folder) || line.includes('left-behind'));
}

function expectWhole(failure: Failure | undefined): void {
  expect(failure).toMatchObject({ did: answers.did, expected: answers.expected });
  for (const text of [failure?.why, failure?.next, failure?.read]) {
    expect(text).toMatch(/^[^{}]+$/); // no placeholder is left
  }
}

const openDescriptors = () => readdirSync('/dev/fd').length;

describe('the grader against a program that', () => {
  test('is right: it passes', async () => {
    expect((await gradeProgram('echo')).checks[0]).toMatchObject({ status: 'passed', score: 1 });
  });

  test.each([
    ['answers no one', 'silent', 'silent', /^0 of 3 bytes; the program (sleeps|is busy)$/],
    [
      'crashes',
      'crashing',
      'crashed',
      /printed:\necho\.js:5\n.*new Error.*\n +\^\nError: no such client\n.*echo\.js:5:9/,
    ],
    ['aborts', 'aborting', 'crashed', /^it was ended by SIGABRT/],
    ['does not compile', 'broken', 'does not compile', /echo\.js:2\n.*\n +\^\nSyntaxError: /],
    ['does not end when it is asked to', 'stubborn', 'hangs', /^it still runs after 2 s$/],
    ['forks', 'forking', 'leaves processes', /^\d more processes$/],
    ['detaches a process with its output', 'detaching', 'leaves processes', /^1 more processes$/],
    ['fills its standard output', 'flooding', 'prints too much', /^more than a megabyte/],
    ['fills its standard error', 'complaining', 'prints too much', /^more than a megabyte/],
    ['resets its clients', 'resetting', 'silent', /^0 of 3 bytes, then ECONNRESET$/],
  ])('%s', async (_, program, cause, got) => {
    const before = openDescriptors();
    const failure = await failureOf(program);
    expect(failure?.cause).toBe(cause);
    expect(failure?.got).toMatch(got);
    expectWhole(failure);
    expect(processesLeft()).toEqual([]);
    expect(openDescriptors()).toBe(before);
  });

  // Ten seconds are waited for each of them: at the same time.
  test('does not start: it does not say where it listens, hangs before, or spins', async () => {
    const before = openDescriptors();
    const programs = ['portless', 'wordless', 'spinning'];
    const failures = await Promise.all(programs.map(failureOf));
    expect(failures.map((failure) => [failure?.cause, failure?.got])).toEqual([
      ['does not start', 'it has printed: ready'],
      ['does not start', 'it has printed nothing'],
      ['does not start', 'it has printed nothing'],
    ]);
    for (const failure of failures) expectWhole(failure);
    expect(processesLeft()).toEqual([]);
    expect(openDescriptors()).toBe(before);
  });

  if (!canObserve) console.log('skipped: there is no /proc, by which hidden processes are found');
  test.runIf(canObserve)(
    'hides a process of another session, without its environment',
    async () => {
      expect(await failureOf('hiding')).toMatchObject({ cause: 'leaves processes' });
      expect(processesLeft()).toEqual([]);
    },
  );

  test('ignores --port: it is found out when its port is taken', async () => {
    const owner = createServer();
    const port = await new Promise<number>((resolve) => {
      owner.listen(0, '127.0.0.1', () => resolve((owner.address() as { port: number }).port));
    });
    process.env.FIXED_PORT = `${port}`;
    const failure = await failureOf('flagless');
    owner.close();
    expect(failure).toMatchObject({ cause: 'crashed' });
    expect(failure?.got).toMatch(/EADDRINUSE/);
  });

  test('is not there', async () => {
    course.write('nothing/readme.txt', 'later');
    const result = await grade(lab, { folder: course.path('nothing') });
    expect(result.checks[0]?.failure).toMatchObject({ cause: 'not found' });
  });

  test('needs a Node that runs TypeScript', async () => {
    course.write('typed/echo.ts', 'const port: number = 0; export { port };');
    const result = await grade(lab, { folder: course.path('typed') });
    expect(result.checks[0]?.failure?.cause).toMatch(/^(cannot run here|crashed)$/);
  });
});

describe('the grader itself', () => {
  const faulty = (run: Check['run']): Lab => ({ ...lab, checks: [{ ...answers, run }] });

  test('that fails says so, and ends what it has started', async () => {
    const folder = course.path(course.handIn('echo', 'right'));
    const broken = faulty(async (exam) => {
      await exam.start('echo');
      throw new Error('no such table');
    });
    await expect(grade(broken, { folder })).rejects.toThrow('no such table');
    const nameless = faulty(async () => {
      throw new Miss('a name that no one has', 'nothing');
    });
    await expect(grade(nameless, { folder })).rejects.toThrow(/has no cause/);
    expect(processesLeft()).toEqual([]);
    expect(descendantsOf(process.pid).length).toBeLessThan(3); // esbuild, and ps
  });

  test.each(['SIGINT', 'SIGTERM'] as const)(
    'that is ended by %s leaves nothing',
    async (signal) => {
      course.handIn('wordless');
      const child = course.start({}, 'check', '1', 'wordless');
      let shown = '';
      child.stderr?.on('data', (text) => {
        shown += text;
      });
      const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
      while (descendantsOf(child.pid ?? 0).length === 0) await new Promise(setImmediate);
      child.kill(signal);
      expect(await ended).toBe(signal === 'SIGINT' ? 130 : 143);
      expect(shown).toMatch(/^1 of 3: 1\.1 an echo of one line\n/);
      expect(processesLeft()).toEqual([]);
    },
  );
});
