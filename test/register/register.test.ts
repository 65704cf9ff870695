// `edgewise/net/register`: programs that are not changed, with and without it.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { bothOf, expectSame, runNode } from './programs.ts';

const WORKERS = fileURLToPath(new URL('workers/', import.meta.url));
const RUN = join(WORKERS, 'run.mjs');
const BUILT = pathToFileURL(fileURLToPath(new URL('../../dist/node-net/', import.meta.url)));
const REGISTER = ['--import', 'edgewise/net/register'];

/** What a program prints, as JSON. */
async function printed(program: string, options: readonly string[] = []): Promise<unknown> {
  const folder = mkdtempSync(join(tmpdir(), 'edgewise-register-'));
  try {
    const file = join(folder, 'program.mjs');
    writeFileSync(file, program);
    return JSON.parse((await runNode([...options, file])).stdout);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe('with --import edgewise/net/register', () => {
  it.each([
    ['every way to import node:net has our sockets', 'imports'],
    ['classes are called, extended, and asked for by instanceof', 'classes'],
    ['node:http serves and asks, with and without an agent, and fetch', 'http'],
    ['node:http holds its clients to its limits', 'limits'],
    ['node:https serves and asks', 'https'],
    ['node:tls serves and connects, with its events and errors', 'tls'],
    ['node:http2 serves and connects, plain and over TLS', 'http2'],
    ['a connection is upgraded to TLS on both sides', 'starttls'],
    ['Unix sockets are served, connected to and removed', 'paths'],
    ['a server listens on what another has, or on a descriptor', 'descriptors'],
    ['workers of a cluster serve, in both ways of sharing', 'cluster'],
    ['the process ends by itself when what is open was unreferenced', 'liveness'],
  ])('%s', async (_, testCase) => {
    await expectSame('cases', testCase);
  });

  it.each([
    ['standard streams of child processes stay those of Node', 'standardStreams'],
    ['messages between processes go on', 'messages'],
    ['errors are those of Node', 'errors'],
    ['defaults are set for both', 'defaults'],
    ['threads are registered, too', 'threads'],
  ])('%s', async (_, testCase) => {
    const { nodes, ours } = await bothOf('cases', testCase);
    expect(ours.result).toEqual(nodes.result);
    expect([nodes.ours, ours.nodes]).toEqual([0, 0]);
  });

  it('sending a socket to another process is an error, and not the end of this one', async () => {
    const { nodes, ours } = await bothOf('cases', 'sending');
    expect(nodes.result).toEqual(['sent', 'sent']);
    expect(ours.result).toEqual(['ERR_INVALID_HANDLE_TYPE', 'ERR_INVALID_HANDLE_TYPE']);
  });

  it.each([
    ['threads', 2], // the thread, and the main one, which has none
    ['cluster', 5], // two workers for each way of sharing
  ])(
    'EDGEWISE_REGISTER=verbose counts for each thread and process: %s',
    async (testCase, count) => {
      const args = [...REGISTER, RUN, 'cases', testCase];
      const { stderr } = await runNode(args, { EDGEWISE_REGISTER: 'verbose' });
      const counts = stderr.match(/\d+ connections opened, \d+ closed/g) ?? [];
      expect(stderr.match(/is in the place of node:net/g)).toHaveLength(count);
      expect(counts).toHaveLength(count);
      const all = counts.reduce((sum, each) => sum + Number.parseInt(each, 10), 0);
      // Twelve requests of the primary, each at a worker; one connection of a thread, both its ends.
      expect(all).toBe(testCase === 'cluster' ? 24 : 2);
    },
  );

  it('is loaded by --require, too', async () => {
    const { stdout } = await runNode(['--require', 'edgewise/net/register', RUN, 'cases', 'http']);
    expect(JSON.parse(stdout)).toMatchObject({ ours: 8, nodes: 0 });
  });

  it('standard input that is a file or a device stays as it is', async () => {
    const code =
      'process.stdin.resume().on("end", () => console.log(process.stdin.constructor.name))';
    const shell = (redirection: string) =>
      `process.stdout.write(require("child_process").execSync(
        "node --import edgewise/net/register -e '${code.replaceAll('"', '\\"')}' ${redirection}"))`;
    const names = [];
    for (const redirection of ['< /dev/null', '< package.json']) {
      names.push((await runNode(['-e', shell(redirection)])).stdout.trim());
    }
    expect(names).toEqual(['ReadStream', 'ReadStream']);
  });
});

describe('registered and unregister', () => {
  it('report, and give node:net its own sockets again', async () => {
    const found = await printed(
      `import net, { connect } from 'node:net';
       import http from 'node:http';
       import tls from 'node:tls';
       const members = () => [
         net.connect, net.createConnection, net.createServer, net.Server, net.Socket, net.Stream,
         net.setDefaultAutoSelectFamily, tls.connect, connect, net.Server.prototype.listen,
         http.Agent.prototype.createConnection, http.Server.prototype.listen, process._send,
         Object.getOwnPropertyNames(net).join(),
       ];
       const before = members();
       const { registered, unregister } = await import('${BUILT}register.js');
       const during = members();
       const counts = registered();
       const server = http.createServer((_, response) => response.end(String(registered()?.opened)));
       await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
       const url = \`http://127.0.0.1:\${server.address().port}\`;
       const texts = [await (await fetch(url)).text()];
       const undone = [unregister(), unregister(), registered()];
       const after = members();
       texts.push(await (await fetch(url, { headers: { connection: 'close' } })).text());
       server.close();
       server.closeAllConnections();
       console.log(JSON.stringify({
         counts, texts, undone,
         replaced: during.filter((each, index) => each !== before[index]).length,
         left: after.filter((each, index) => each !== before[index]).length,
       }));`,
    );
    expect(found).toMatchObject({
      counts: { opened: 0, closed: 0 },
      texts: ['2', 'undefined'],
      undone: [true, false, null],
      left: 0,
    });
    expect((found as { replaced: number }).replaced).toBeGreaterThanOrEqual(10);
  });

  it('names that were imported before follow; what was kept in a variable does not', async () => {
    const found = await printed(
      `import net, { connect } from 'node:net';
       const kept = connect;
       const { registered } = await import('${BUILT}register.js');
       const server = net.createServer((socket) => socket.end());
       await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
       const opened = [];
       for (const each of [connect, kept]) {
         const before = registered().opened;
         const socket = each(server.address().port, '127.0.0.1').resume();
         await new Promise((resolve) => socket.on('close', resolve));
         opened.push(registered().opened - before);
       }
       server.close();
       console.log(JSON.stringify(opened));`,
    );
    expect(found).toEqual([2, 1]);
  });

  it('do what docs/register.md shows', async () => {
    const page = readFileSync(new URL('../../docs/register.md', import.meta.url), 'utf8');
    const programs = [...page.matchAll(/```js\n(.*?)```/gs)].map(
      ([, program]) => program as string,
    );
    expect(programs).toHaveLength(1);
    const { stdout } = await runNode(['--input-type=module', '-e', programs[0] as string]);
    const shown = [...(programs[0] as string).matchAll(/\/\/ (\{.*|undefined)$/gm)].map(
      ([, text]) => text,
    );
    expect(stdout.trim().split('\n')).toEqual(shown);
  });

  it('a second copy of the package, and a second import, change nothing', async () => {
    const found = await printed(
      `import net from 'node:net';
       const first = net.connect;
       const one = await import('${BUILT}register.js');
       const two = await import('${BUILT}register.js?second');
       console.log(JSON.stringify([
         one !== two, net.connect === first, two.registered(), two.unregister(), one.registered() ?? null,
       ]));`,
      REGISTER,
    );
    expect(found).toEqual([true, true, { opened: 0, closed: 0 }, true, null]);
  });
});
