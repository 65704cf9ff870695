// Errors of accept(2) that cannot be provoked: strace makes the call fail a few times
// in a server process, and clients are served all the same.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect as nodeConnect } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { noStraceReason, straced } from '../helpers/strace.ts';

const SERVER = fileURLToPath(new URL('../workers/crowded-net-listener.mjs', import.meta.url));
const TIMES = 3;

type Count = 'exhausted' | 'aborted' | 'none';
const ERRORS: readonly (readonly [errno: string, count: Count])[] = [
  ['ENFILE', 'exhausted'],
  ['EMFILE', 'exhausted'],
  ['ENOBUFS', 'exhausted'],
  ['ENOMEM', 'exhausted'],
  ['ECONNABORTED', 'aborted'],
  ['EPROTO', 'aborted'],
  ['EPERM', 'aborted'],
  ['ENETDOWN', 'aborted'],
  ['EINTR', 'none'],
];

/** Sends a word, and resolves with what comes back until the end. */
async function echoed(port: number): Promise<string> {
  const socket = nodeConnect(port, '127.0.0.1');
  socket.end('served');
  let text = '';
  for await (const bytes of socket) text += bytes;
  return text;
}

class Server {
  readonly child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  constructor(errno: string, trigger: string) {
    const rule = `accept4:error=${errno}:when=1..${TIMES}`;
    const node = [process.execPath, SERVER, 'pause', trigger];
    const args = straced('/dev/null', ['accept4'], node, [rule]);
    this.child = spawn('strace', args, { stdio: ['pipe', 'pipe', 'inherit'] });
    const input = this.child.stdout as NodeJS.ReadableStream;
    this.#lines = createInterface({ input })[Symbol.asyncIterator]();
    onTestFinished(() => void this.child.kill());
  }

  async line(): Promise<string> {
    return (await this.#lines.next()).value;
  }
}

const title = noStraceReason === undefined ? '' : ` (skipped: ${noStraceReason})`;
describe.runIf(noStraceReason === undefined)(`errors of accept${title}`, () => {
  const table = (['level', 'edge'] as const).flatMap((trigger) =>
    ERRORS.map((row) => [trigger, ...row] as const),
  );

  it.concurrent.each(table)('%s: %s counts as %s', async (trigger, errno, count) => {
    const server = new Server(errno, trigger);
    const port = Number(await server.line());
    expect(await Promise.all([echoed(port), echoed(port)])).toEqual(['served', 'served']);
    expect(await echoed(port)).toBe('served');
    server.child.stdin?.write('\n');
    const figures = JSON.parse(await server.line());
    const { exhausted, aborted, accepted, shed } = figures;
    const expected = { exhausted: 0, aborted: 0, [count]: TIMES };
    expect({ exhausted, aborted, accepted, shed }).toMatchObject({ accepted: 3, shed: 0 });
    expect([exhausted, aborted]).toEqual([expected.exhausted, expected.aborted]);
    server.child.stdin?.end();
    expect(await once(server.child, 'exit')).toEqual([0, null]);
  });
});
