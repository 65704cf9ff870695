// What the tests share: a server on a folder of its own, requests by node:http, and raw bytes over
// a socket for what no client would send. Each test leaves no descriptor behind.
import { once } from 'node:events';
import { mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, type IncomingHttpHeaders, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, expect } from 'vitest';
import { FileServer, type FileServerOptions } from '../server.ts';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** A server that runs, and the folder that it serves. */
export class Running {
  readonly folder: string;
  readonly server: FileServer;
  readonly #done: Promise<void>;

  constructor(options: Partial<FileServerOptions> = {}) {
    this.folder = realpathSync(mkdtempSync(join(tmpdir(), 'serve-')));
    this.server = new FileServer({ folder: this.folder, ...options });
    this.#done = this.server.run();
  }

  get port(): number {
    return this.server.port;
  }

  /** Writes a file of the folder, and gives its path. */
  file(name: string, content: string | Uint8Array = ''): string {
    const path = join(this.folder, name);
    writeFileSync(path, content);
    return path;
  }

  /** One request by node:http; `path` goes out as it is. */
  async get(path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
    const { port } = this;
    const agent = new Agent();
    const message = request({ port, path, headers, method, agent }).end();
    const [response] = await once(message, 'response');
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk);
    agent.destroy();
    return { status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks) };
  }

  /** A connected socket. */
  async connect(): Promise<Socket> {
    const socket = connect({ port: this.port, host: '127.0.0.1' });
    await once(socket, 'connect');
    return socket;
  }

  /** Sends bytes as they are, ends, and gives all that came back. */
  async raw(bytes: string): Promise<string> {
    const socket = await this.connect();
    socket.end(bytes, 'latin1');
    return (await received(socket)).toString('latin1');
  }

  /** The status of the first answer to raw bytes, 0 for none. */
  async statusOf(bytes: string): Promise<number> {
    return Number(/^HTTP\/1\.1 (\d{3}) /.exec(await this.raw(bytes))?.[1] ?? 0);
  }

  /** Ends at once, and waits until that has happened. */
  async close(): Promise<void> {
    this.server.close();
    this.server.close();
    await this.#done;
    rmSync(this.folder, { recursive: true });
  }

  get done(): Promise<void> {
    return this.#done;
  }
}

/** All that a socket gets until its end. */
export async function received(socket: Socket): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** A head that asks for `target`. */
export function head(target = '/', ...lines: readonly string[]): string {
  return [`GET ${target} HTTP/1.1`, 'Host: example', ...lines, '', ''].join('\r\n');
}

/** Looks until it holds; the test's time-out is the bound. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await delay(5);
}

export function countDescriptors(): number {
  return readdirSync(process.platform === 'linux' ? '/proc/self/fd' : '/dev/fd').length;
}

/** In a test file: `start` makes servers that are closed after each test, and leaks are failures. */
export function useServers(): { start(options?: Partial<FileServerOptions>): Running } {
  let running: Running[] = [];
  let before = 0;
  beforeEach(() => {
    before = countDescriptors();
  });
  afterEach(async () => {
    for (const one of running) await one.close();
    running = [];
    for (let pass = 0; pass < 200 && countDescriptors() > before; pass++) await delay(5);
    expect(countDescriptors(), 'open descriptors').toBeLessThanOrEqual(before);
  });
  return {
    start(options) {
      const one = new Running(options);
      running.push(one);
      return one;
    },
  };
}
