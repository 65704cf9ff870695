// `edgewise trace SCRIPT`: the script runs as it does without, and leaves a trace. `edgewise trace diff`.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Children } from '../../src/cli/measure/index.ts';
import { decodeTrace } from '../../src/trace/index.ts';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const INDEX = new URL('../../dist/index.js', import.meta.url).href;

let folder: string;
let children: Children;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'edgewise-trace-'));
  children = new Children();
});
afterEach(async () => {
  await children[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

// As a shell does, in the folder of the test.
const start = (...args: string[]) =>
  children.start({
    file: 'sh',
    args: ['-c', 'cd "$0" && exec "$@"', folder, process.execPath, MAIN, 'trace', ...args],
  });

async function run(...args: string[]) {
  const child = await start(...args);
  const code = await child.ended;
  return { code, ...child.output };
}

function script(name: string, body: string): string {
  writeFileSync(join(folder, name), `import { Reactor } from '${INDEX}';\n${body}\n`);
  return name;
}

const traceIn = (name: string) => decodeTrace(readFileSync(join(folder, name)));
const ONE_TURN = `
  const reactor = new Reactor();
  reactor.defer(() => undefined);
  reactor.turn(0);
  reactor.close();`;

describe('a script', () => {
  it('gets its words as they are, ends with its code, and leaves a trace beside us', async () => {
    const body = `${ONE_TURN}
      console.log(JSON.stringify(process.argv.slice(2)));
      process.exitCode = 7;`;
    const words = ['--level', 'x', '-o', '--', '--help', 'a b', ''];
    const { code, stdout, stderr } = await run('--level', 'timed', script('a.mjs', body), ...words);
    expect([code, JSON.parse(stdout)]).toEqual([7, words]);
    expect(stderr).toBe(
      'edgewise: the trace is a.edgetrace; next: edgewise view a.edgetrace -o a.html\n',
    );
    expect(traceIn('a.edgetrace').streams.map(({ level }) => level)).toEqual(['timed']);
  });

  it('has a trace at the place that -o names, also when it changes its folder', async () => {
    const name = script('a.mjs', `process.chdir('/'); ${ONE_TURN}`);
    const { code, stderr } = await run('-o', "it's.trace", name);
    expect(code).toBe(0);
    expect(stderr).toContain(`edgewise view 'it'\\''s.trace' -o 'it'\\''s.trace.html'\n`);
    expect(traceIn("it's.trace").streams.map(({ level }) => level)).toEqual(['calls']);
  });

  it('reads our input, and gets our signals', async () => {
    const body = `
      new Reactor().close();
      process.once('SIGTERM', () => { console.log('asked'); process.exit(3); });
      process.stdin.once('data', (line) => console.log('read ' + line));`;
    const child = await start(script('a.mjs', body));
    child.writeLine('hello');
    await child.match(/read hello/);
    child.kill('SIGTERM');
    await child.match(/asked/);
    expect(await child.ended).toBe(3);
    expect(traceIn('a.edgetrace').streams).toHaveLength(1);
  });

  it('that a signal ends: 128 + its number, and what happened until then', async () => {
    const body = `
      const reactor = new Reactor();
      reactor.setInterval(() => undefined, 1);
      reactor.attach();
      console.log('ready');`;
    const child = await start(script('a.mjs', body));
    await child.match(/ready/);
    child.kill('SIGINT');
    expect(await child.ended).toBe(130);
    expect(traceIn('a.edgetrace').streams).toHaveLength(1);
    expect(child.output.stderr).toMatch(/^edgewise: the trace is a\.edgetrace; .*\n$/);
  });

  it('that makes no Reactor leaves none, also where an older one is', async () => {
    writeFileSync(join(folder, 'a.edgetrace'), 'older');
    const { code, stderr } = await run(script('a.mjs', 'process.exitCode = 4;'));
    expect(code).toBe(4);
    expect(stderr).toMatch(/^edgewise: a\.mjs has left no trace: it made no Reactor.*\n$/);
    expect(readFileSync(join(folder, 'a.edgetrace'), 'utf8')).toBe('older');
  });

  it('that is killed leaves none, and we say by what', async () => {
    const body = "new Reactor().close(); process.kill(process.pid, 'SIGKILL');";
    const { code, stderr } = await run(script('a.mjs', body));
    expect(code).toBe(137);
    expect(stderr).toBe('edgewise: a.mjs was ended by SIGKILL, and has left no trace\n');
  });

  it('does not run when its trace has no place', async () => {
    const name = script('a.mjs', "import('node:fs').then((fs) => fs.writeFileSync('ran', ''));");
    const { code, stderr } = await run('-o', 'none/a.edgetrace', name);
    expect([code, stderr]).toEqual([2, 'edgewise: none/a.edgetrace cannot be written: ENOENT\n']);
    expect(existsSync(join(folder, 'ran'))).toBe(false);
  });

  it.runIf('typescript' in process.features)('may be TypeScript, where Node runs it', async () => {
    const { code } = await run(script('a.ts', `const level: string = 'x'; ${ONE_TURN}`));
    expect(code).toBe(0);
    expect(traceIn('a.edgetrace').streams).toHaveLength(1);
  });
});

// Descriptors have other numbers when another one is open before.
const echo = (before: string, answer: string) => `
  import { openSync, writeSync } from 'node:fs';
  import * as sys from '${new URL('../../dist/sys/index.js', import.meta.url).href}';
  ${before}
  const { AF_UNIX, SOCK_STREAM } = sys.constants;
  const fds = new Int32Array(2);
  sys.socketpair(AF_UNIX, SOCK_STREAM, 0, fds);
  const [a, b] = fds;
  const reactor = new Reactor();
  const onReady = () => { sys.recv(b, Buffer.alloc(9)); sys.send(b, Buffer.from('${answer}')); };
  reactor.register(b, 1, { onReady }, { trigger: 'edge' });
  sys.send(a, Buffer.from('question'));
  reactor.turn(100);
  reactor.close();`;

describe('diff', () => {
  const diffOf = async (one: string, other: string) => {
    for (const [name, body] of [
      ['a', one],
      ['b', other],
    ] as const) {
      expect(await run(script(`${name}.mjs`, body))).toMatchObject({ code: 0, stdout: '' });
    }
    return await run('diff', 'a.edgetrace', 'b.edgetrace');
  };

  it('finds nothing between two runs of one program, whatever its descriptors are', async () => {
    const other = echo("openSync('/dev/null', 'r');", 'yes');
    expect(await diffOf(echo('', 'yes'), other)).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  it('shows the events that differ, and some around them', async () => {
    const { code, stdout } = await diffOf(echo('', 'yes'), echo('', 'no'));
    expect(code).toBe(1);
    expect(stdout.split('\n').filter((line) => /^[-+]/.test(line))).toEqual([
      '--- a.edgetrace',
      '+++ b.edgetrace',
      '- #1   send of 3 bytes: 3.',
      '+ #1   send of 2 bytes: 2.',
    ]);
    expect(stdout).toMatch(/^ {2}… \d+ events the same before$/m);
  });
});
