// Runs an example as a child process, as a user does (`npm run example -- NAME`), and reads what it
// prints line by line. It is linted: what the lint finds is on its stderr, where tests expect nothing.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';

const LAUNCHER = new URL('../../scripts/example.mjs', import.meta.url).pathname;

export interface Ending {
  readonly code: number | null;
  readonly lines: readonly string[];
  readonly stderr: string;
}

/** One running example; end it with `end` or `kill`. */
export class ExampleProcess {
  readonly lines: string[] = [];
  readonly #child: ChildProcess;
  readonly #closed: Promise<[number | null, NodeJS.Signals | null]>;
  readonly #waiting = new Set<() => void>();
  #stderr = '';

  constructor(name: string, args: readonly string[] = [], input?: string | number) {
    const stdin = typeof input === 'number' ? input : 'pipe';
    const stdio = [stdin, 'pipe', 'pipe'] as ['pipe', 'pipe', 'pipe'];
    const env = { ...process.env, EDGEWISE_LINT: '1' };
    this.#child = spawn(process.execPath, [LAUNCHER, name, ...args], { stdio, env });
    this.#closed = once(this.#child, 'close') as Promise<[number | null, NodeJS.Signals | null]>;
    if (typeof input !== 'number') this.#child.stdin?.end(input);
    this.#child.stderr?.on('data', (chunk) => {
      this.#stderr += chunk;
    });
    const reader = createInterface({ input: this.#child.stdout as NodeJS.ReadableStream });
    reader.on('line', (line) => {
      this.lines.push(line);
      for (const look of [...this.#waiting]) look();
    });
  }

  get pid(): number {
    return this.#child.pid as number;
  }

  /** The first line that matches, now or later; rejects when the process ends without it. */
  async line(pattern: RegExp): Promise<RegExpExecArray> {
    const found = new Promise<RegExpExecArray>((resolve) => {
      const look = (): void => {
        const match = this.lines.map((line) => pattern.exec(line)).find((hit) => hit !== null);
        if (match === undefined || match === null) return;
        this.#waiting.delete(look);
        resolve(match);
      };
      this.#waiting.add(look);
      look();
    });
    const ended = this.#closed.then(([code]) => {
      const said = [...this.lines, this.#stderr].join('\n');
      throw new Error(`ended with ${code} without a line like ${pattern}:\n${said}`);
    });
    ended.catch(() => undefined); // ends after the race as well
    return Promise.race([found, ended]);
  }

  async port(): Promise<number> {
    return Number((await this.line(/^listening on 127\.0\.0\.1:(\d+)$/))[1]);
  }

  /** A client of the example, connected. */
  async connect(): Promise<Socket> {
    const socket = connect({ host: '127.0.0.1', port: await this.port(), allowHalfOpen: true });
    await once(socket, 'connect');
    return socket;
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  async ending(): Promise<Ending> {
    const [code] = await this.#closed;
    // How long a handler takes is as the machine has time for it.
    const stderr = this.#stderr.replaceAll(/^.*EDGEWISE_SLOW_HANDLER.*\n(\(Use .*\n)?/gm, '');
    return { code, lines: this.lines, stderr };
  }

  /** Sends the signal that ends it in good order, and waits until it has. */
  async end(name: NodeJS.Signals = 'SIGINT'): Promise<Ending> {
    this.signal(name);
    return this.ending();
  }

  /** For clean-up, whatever state it is in. */
  kill(): void {
    this.#child.kill('SIGKILL');
  }

  /** CPU time used so far, in clock ticks of 10 ms; Linux only. See proc_pid_stat(5). */
  cpuTicks(): number {
    const stat = readFileSync(`/proc/${this.pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return Number(fields[11]) + Number(fields[12]);
  }
}

/** What the socket sends, up to `length` bytes or to its end. */
export async function receive(socket: Socket, length = Number.POSITIVE_INFINITY): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let byteCount = 0;
  while (byteCount < length) {
    if (socket.errored !== null) throw socket.errored;
    const chunk = socket.read() as Buffer | null;
    if (chunk !== null) {
      chunks.push(chunk);
      byteCount += chunk.length;
    } else if (socket.readableEnded) break;
    else await readableOrEnded(socket);
  }
  return Buffer.concat(chunks);
}

function readableOrEnded(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (error?: Error): void => {
      socket.off('readable', settle).off('end', settle).off('error', settle);
      if (error === undefined) resolve();
      else reject(error);
    };
    socket.on('readable', settle).on('end', settle).on('error', settle);
  });
}
