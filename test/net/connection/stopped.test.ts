// A peer that stops reading for a while, as a process does that is stopped (SIGSTOP): the kernel's
// buffers fill, then ours up to the watermark or the cap, and no byte is lost when it goes on.
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as elapsed, setImmediate as nextLoopPass } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Connection } from '../../../src/net/connection/connection.ts';
import { listen } from '../../../src/net/listen/listen.ts';
import { Reactor } from '../../../src/reactor/reactor.ts';
import { useDescriptors } from '../../helpers/descriptors.ts';
import { codeOf, Recorder } from '../recorder.ts';

const SCRIPT = fileURLToPath(new URL('../../workers/stopping-reader.mjs', import.meta.url));
const MIB = 1024 * 1024;
const QUEUE_MAX = 32 * MIB;
const TOTAL = 100 * MIB;
const CHUNK = 256 * 1024;
const isLinux = process.platform === 'linux';

class Reader {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  constructor(port: number) {
    this.#child = spawn(process.execPath, [SCRIPT, String(port)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const input = this.#child.stdout as NodeJS.ReadableStream;
    this.#lines = createInterface({ input })[Symbol.asyncIterator]();
    onTestFinished(() => void this.#child.kill('SIGKILL'));
  }

  async line(): Promise<string> {
    return (await this.#lines.next()).value;
  }

  /** Resolves when it is stopped. */
  async stop(): Promise<void> {
    this.#child.kill('SIGSTOP');
    const stateOf = () => readFileSync(`/proc/${this.#child.pid}/stat`, 'utf8').split(' ')[2];
    while (isLinux && stateOf() !== 'T') await nextLoopPass();
  }

  goOn(): void {
    this.#child.kill('SIGCONT');
  }

  async exited(): Promise<void> {
    if (this.#child.exitCode === null) await once(this.#child, 'exit');
  }
}

/** The n-th chunk: memory of its own, and bytes that no other has in that place. */
function chunkAt(index: number): Buffer {
  const chunk = Buffer.alloc(CHUNK, `${index} `);
  chunk.writeUInt32LE(index, 0);
  return chunk;
}

/** Resolves when nothing more has left for a while. */
async function standstill(connection: Connection): Promise<void> {
  let sent = -1;
  while (connection.bytesWritten !== sent) {
    sent = connection.bytesWritten;
    await elapsed(300); // a time without progress is what is looked for
  }
}

describe.each(['level', 'edge'] as const)('%s: a peer that is stopped', (trigger) => {
  const descriptors = useDescriptors();

  async function start(server: Recorder) {
    const reactor = descriptors.using(new Reactor());
    reactor.attach();
    const { handlers } = server;
    const host = '127.0.0.1';
    const listener = listen({ host, trigger, handlers, reactor, queueBytesMax: QUEUE_MAX });
    const reader = new Reader(listener.port);
    return { reader, connection: await server.opened() };
  }

  it('costs no more memory than the watermark, and gets every byte when it goes on', async () => {
    const hash = createHash('sha256');
    let [index, longest] = [0, 0];
    const server = new Recorder({
      drain: (connection) => {
        while (index * CHUNK < TOTAL) {
          const chunk = chunkAt(index++);
          hash.update(chunk);
          const hasRoom = connection.write(chunk);
          longest = Math.max(longest, connection.writableLength);
          if (!hasRoom) return;
        }
        connection.end();
      },
    });
    const { reader, connection } = await start(server);
    connection.write(chunkAt(0));
    hash.update(chunkAt(index++));
    expect(await reader.line()).toBe('reading');
    await reader.stop();
    const rssBefore = process.memoryUsage().rss;
    server.handlers.drain(connection); // fills whatever there is to fill
    await standstill(connection);
    expect(connection.isClosed).toBe(false);
    expect(index * CHUNK).toBeLessThan(TOTAL);
    expect(process.memoryUsage().rss - rssBefore).toBeLessThan(QUEUE_MAX);
    reader.goOn();
    const count = Math.ceil(TOTAL / CHUNK) * CHUNK;
    expect(await reader.line()).toBe(`${count} ${hash.copy().digest('hex')}`);
    await server.called('close');
    expect(server.errors).toEqual([undefined]);
    expect(longest).toBeLessThan(QUEUE_MAX);
    await reader.exited();
  });

  it('is cut off at the cap when nobody minds the watermark', async () => {
    const server = new Recorder();
    const { reader, connection } = await start(server);
    connection.write(chunkAt(0));
    expect(await reader.line()).toBe('reading');
    await reader.stop();
    let longest = 0;
    for (let i = 1; !connection.isClosed && i * MIB <= 100 * MIB; i++) {
      connection.write(Buffer.alloc(MIB, i));
      longest = Math.max(longest, connection.writableLength);
    }
    await server.called('close');
    expect(server.errors.map(codeOf)).toEqual(['ERR_WRITE_QUEUE_FULL']);
    expect(longest).toBeGreaterThan(QUEUE_MAX - 2 * MIB);
    expect(longest).toBeLessThanOrEqual(QUEUE_MAX);
    reader.goOn();
    await reader.exited();
  });
});
