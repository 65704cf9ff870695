// The command as users have it: a tiny run, what it writes, and what it says to wrong words. The
// build of bench/ must be there (npm run test:long -- bench makes it).
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readResults } from '../src/results.ts';
import { inRoot } from '../src/root.ts';

const folder = mkdtempSync(join(tmpdir(), 'edgewise-bench-cli-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Output {
  stdout: string;
  stderr: string;
}

function start(args: readonly string[]): { child: ChildProcess; output: Output } {
  return startFile(process.execPath, [inRoot('build-bench/bench/src/main.js'), ...args]);
}

function startFile(file: string, args: readonly string[]) {
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (text: string) => {
      output[name] += text;
    });
  }
  return { child, output };
}

async function bench(...args: string[]): Promise<Output & { code: number | null }> {
  const { child, output } = start(args);
  const [code] = await once(child, 'close');
  return { code, ...output };
}

/** The same in a clone in which nothing was installed or built. */
async function clone(...args: string[]): Promise<Output & { code: number | null }> {
  const root = join(folder, 'clone');
  const files = ['start.mjs', 'words.mjs', 'list.txt'].map((file) => `bench/${file}`);
  const scripts = ['launch', 'nearest', 'words'].map((name) => `scripts/${name}.mjs`);
  for (const path of [...files, ...scripts]) cpSync(inRoot(path), join(root, path));
  const { child, output } = startFile(process.execPath, [join(root, 'bench/start.mjs'), ...args]);
  const [code] = await once(child, 'close');
  return { code, ...output };
}

/** With few descriptors: a case that needs more is refused. */
async function limited(...args: string[]): Promise<Output & { code: number | null }> {
  const words = [process.execPath, inRoot('build-bench/bench/src/main.js'), ...args];
  const { child, output } = startFile('sh', ['-c', 'ulimit -n 1024; exec "$@"', 'sh', ...words]);
  const [code] = await once(child, 'close');
  return { code, ...output };
}

const TINY = ['--rounds', '1', '--seconds', '0.1', '--contenders', 'edgewise,node'];

/** The children of process `pid`. */
function childrenOf(pid: number): string {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
}

describe('npm run bench', () => {
  it('measures, prints a table, and writes results and report', async () => {
    const json = join(folder, 'out.json');
    const html = join(folder, 'out.html');
    const svg = join(folder, 'svg');
    const files = ['--json', json, '--html', html, '--svg', svg];
    const { code, stdout, stderr } = await bench(
      'tcp-echo',
      '--connections',
      '2',
      '--size',
      '64',
      ...TINY,
      ...files,
    );
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(stdout).toContain('tcp-echo: TCP echo (connections 2, size 64)');
    const results = readResults(json);
    expect(results.missing).toEqual([]);
    expect(results.contenders.map(({ name }) => name)).toEqual(['edgewise', 'node']);
    expect(results.cases).toHaveLength(1);
    const [{ measurements, failures } = { measurements: [], failures: {} }] = results.cases;
    expect(failures).toEqual({});
    expect(measurements.map(({ rounds }) => rounds.length)).toEqual([1, 1]);
    for (const { rounds } of measurements) {
      expect(rounds[0]?.values.cpuUs).toBeGreaterThan(0);
      expect(rounds[0]?.values.p99Us).toBeGreaterThan(0);
      expect(rounds[0]?.latency).toMatch(/^HIST/);
    }
    expect(readFileSync(html, 'utf8')).toContain('<html');
    expect(readdirSync(svg).every((name) => name.endsWith('.svg'))).toBe(true);

    const markdown = join(folder, 'out.md');
    const words = ['report', json, '--html', join(folder, 'against.html'), '--against', json];
    const against = await bench(...words, '--markdown', markdown);
    expect(against).toMatchObject({ code: 0, stderr: '' });
    expect(against.stdout).toMatch(/1 comparison: 0 worse, 0 better, 1 within the noise/);
    expect(readFileSync(markdown, 'utf8')).toMatch(/^## Against the run of 20/m);
    expect(readFileSync(join(folder, 'against.html'), 'utf8')).toContain('within the noise');
    expect(results.load?.before?.runQueue).toBeGreaterThanOrEqual(0);
    expect(results.load?.after?.otherLoad).toBeGreaterThanOrEqual(0);

    rmSync(html);
    expect(await bench('report', json)).toMatchObject({ code: 0, stderr: '' });
    expect(existsSync(html)).toBe(true);
    const again = { html: join(folder, 'again.html'), svg: join(folder, 'again') };
    await bench('report', json, '--html', again.html, '--svg', again.svg);
    expect(readdirSync(again.svg)).toEqual(readdirSync(svg));
    expect(readFileSync(again.html, 'utf8')).toBe(readFileSync(html, 'utf8'));
    expect(await bench('compare', json, json)).toMatchObject({ code: 0, stderr: '' });
    const other = join(folder, 'other.json');
    writeFileSync(other, JSON.stringify({ ...results, cases: [] }));
    const nothing = await bench('compare', json, other);
    expect(nothing).toMatchObject({ code: 2, stderr: '' });
    expect(nothing.stdout).toContain('nothing could be compared');
    const plan = { contenders: ['edgewise', 'node'], rounds: 1, seconds: 0.1, isQuick: false };
    expect(results.cases[0]?.plan).toMatchObject(plan);
    expect(results.cases[0]?.plan?.settleSeconds).toBeGreaterThan(0);
  });

  it('a task that measures itself', async () => {
    const json = join(folder, 'task.json');
    const files = ['--json', json, '--html', join(folder, 'task.html')];
    const { code, stderr } = await bench('dispatch', '--rounds', '1', ...files);
    expect([code, stderr]).toEqual([0, '']);
    const names = readResults(json).cases.map(({ measurements }) => measurements.length);
    expect(names).toEqual([3, 3]);
  });

  it('every contender has failed: exit code 1, and the results say why', async () => {
    const json = join(folder, 'failed.json');
    const files = ['--json', json, '--html', join(folder, 'failed.html')];
    const many = ['--connections', '100000', '--size', '64'];
    const { code, stderr } = await limited('tcp-echo', ...many, ...TINY, ...files);
    expect([code, stderr]).toEqual([
      1,
      'bench: nothing was measured: every contender has failed\n',
    ]);
    expect(readResults(json).cases[0]?.failures.node).toMatch(/^needs 100128 descriptors/);
  });

  it('--list is what a clone without a build prints, too', async () => {
    const { code, stdout } = await bench('--list');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^tcp-echo /);
    expect(readFileSync(inRoot('bench/list.txt'), 'utf8')).toBe(stdout); // made by this command
    expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
    expect(await clone('--list')).toEqual({ code: 0, stdout, stderr: '' });
  });

  it.each([['--help'], ['-h'], ['help'], ['compare', '--help'], ['report', '-h']])(
    '%j is what a clone without a build prints, too',
    async (...args) => {
      const { code, stdout } = await bench(...args);
      expect(code).toBe(0);
      expect(stdout).toMatch(/^usage: npm run bench -- /);
      expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
      expect(await clone(...args)).toEqual({ code: 0, stdout, stderr: '' });
    },
  );

  it('a baseline takes part in the rounds, and is compared', async () => {
    const json = join(folder, 'baseline.json');
    const files = ['--json', json, '--html', join(folder, 'baseline.html')];
    const words = ['tcp-echo,connect', '--connections', '2', '--size', '64', ...files];
    const tiny = ['--rounds', '2', '--seconds', '0.1', '--contenders', 'edgewise,node'];
    const { code, stdout, stderr } = await bench(...words, ...tiny, '--baseline', inRoot('.'));
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^edgewise reactor, tcp-echo 2 connections, 64 B +[+-]/m);
    const { contenders, cases, baseline } = readResults(json);
    expect(baseline?.version).toMatch(/^\d+\.\d+\.\d+/);
    expect(contenders.map(({ name }) => name)).toEqual(['edgewise', 'node', 'edgewise@baseline']);
    for (const { measurements } of cases) {
      expect(measurements.map(({ rounds }) => rounds.length)).toEqual([2, 2, 2]);
    }
    const again = await bench('compare', json);
    expect(again).toMatchObject({ code: 0, stderr: '' });
    expect(stdout).toContain(again.stdout.trim());
  });

  const WRONG_WORDS: [string[], RegExp][] = [
    [['tcp-ecko'], /^bench: unknown scenario 'tcp-ecko'; did you mean 'tcp-echo'\?/],
    [['zzzz'], /^bench: unknown scenario 'zzzz'; there are tcp-echo, /],
    [
      ['tcp-echo', '--contenders', 'nodes'],
      /^bench: unknown contender 'nodes'; did you mean 'node'/,
    ],
    [['--rounds', '0'], /^bench: --rounds takes a whole number from 1 to 1000, not '0'/],
    [['--rounds', '1.5'], /^bench: --rounds takes a whole number/],
    [['--rounds'], /^bench: --rounds needs a value: --rounds N/],
    [['--rounds', '1', '--rounds', '2'], /^bench: --rounds was given twice/],
    [['--quick=yes'], /^bench: --quick takes no value/],
    [['--seconds', 'long'], /^bench: --seconds takes seconds from 0\.05 to 600, not 'long'/],
    [['--connections', '64,many'], /^bench: --connections takes whole numbers from 1 to /],
    [['--colour'], /^bench: unknown option '--colour' \(see: /],
    [['--quik'], /^bench: unknown option '--quik'; did you mean --quick\?/],
    [['compare'], /^bench: compare needs the results of a run/],
    [['compare', 'a', 'b', 'c'], /^bench: 'c' is one word too many/],
    [['compare', 'no.json', 'no.json'], /^bench: no\.json is not there/],
    [['tcp-echo', '--against', 'no.json'], /^bench: --against no\.json is not there/],
    [['timers', '--json', folder], /^bench: --json .* cannot be written: it is a folder/],
    [['timers', '--markdown', folder], /^bench: --markdown .* cannot be written: it is a folder/],
    [['timers', '--svg', inRoot('package.json')], /^bench: --svg .* cannot be written: /],
    [['timers', '--baseline', 'nowhere'], /^bench: --baseline nowhere is no folder/],
    [['report'], /^bench: report needs the results of a run/],
  ];
  it.each(WRONG_WORDS)('wrong words are one line, at once: %j', async (args, line) => {
    const { code, stdout, stderr } = await bench(...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(line);
    expect(stderr).toMatch(/^[^\n]+ \(see: npm run bench -- --help\)\n$/);
    expect(await clone(...args)).toEqual({ code, stdout, stderr }); // nothing was built for it
  });

  it.each([
    [['timers', '--contenders', 'node'], /^bench: nothing to measure: /],
    [['compare', inRoot('package.json'), 'no.json'], /no\.json is not there/],
    [['compare', inRoot('package.json')], /package\.json: not a file of this suite/],
    [['timers', '--json', '/proc/nope/x.json'], /^bench: --json .* cannot be written: ENOENT/],
    [['timers', '--html', '/dev/null/x.html'], /cannot be written: .*ENOTDIR|is no folder/],
    [['timers', '--baseline', folder], /^bench: --baseline .* is no checkout that has been built/],
  ])('what else is wrong is one line, and exit code 2: %j', async (args, line) => {
    const { code, stderr } = await bench(...args);
    expect(code).toBe(2);
    expect(stderr).toMatch(line);
    expect(stderr.trimEnd()).not.toContain('\n');
  });

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    '%s ends it and all that it has started, and nothing is written',
    async (signal) => {
      const json = join(folder, 'interrupted.json');
      const args = ['tcp-echo', '--seconds', '20', '--contenders', 'node', '--json', json];
      const { child, output } = start(args);
      await new Promise<void>((resolve) => {
        child.stdout?.on('data', () => {
          if (/(warm-up|round \d+ of \d+): node/.test(output.stdout)) resolve();
        });
      });
      const pids = childrenOf(child.pid ?? 0).split(' ');
      child.kill(signal);
      child.kill(signal);
      const [code] = await once(child, 'close');
      expect(code).toBe(130);
      expect(output.stderr).toMatch(/bench: interrupted, nothing was written\n$/);
      expect(pids.length).toBeGreaterThan(0);
      expect(pids.filter((pid) => existsSync(`/proc/${pid}`))).toEqual([]);
      expect(existsSync(json)).toBe(false);
    },
  );
});
