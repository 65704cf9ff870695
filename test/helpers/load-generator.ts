// The load generator against servers in this process, for its tests; whatever is left is ended
// after each test.
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { afterEach } from 'vitest';
import {
  Children,
  findProgram,
  type LoadOptions,
  type LoadReport,
  runLoad,
} from '../../src/cli/measure/index.ts';
import { addonPath } from '../../src/native.ts';

export const LOAD = findProgram('edgewise-load', addonPath);
export const QUICK = { host: '127.0.0.1', size: 64, warmupSeconds: 0, seconds: 0.2 } as const;

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export class LoadGenerator {
  #cleanups: (() => unknown)[] = [];

  /** Has `cleanup` called after the test. */
  after(cleanup: () => unknown): void {
    this.#cleanups.push(cleanup);
  }

  newChildren(): Children {
    const children = new Children();
    this.after(() => children[Symbol.asyncDispose]());
    return children;
  }

  /** A server in this process: `onData` gets all data that a client sent. Its port. */
  async listen(onData: (socket: Socket, data: Buffer) => void): Promise<number> {
    const sockets = new Set<Socket>();
    const server = createServer({ noDelay: true }, (socket) => {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
      socket.on('error', () => socket.destroy());
      socket.on('data', (data) => onData(socket, data));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    this.after(() => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(resolve));
    });
    return (server.address() as AddressInfo).port;
  }

  load(options: Partial<LoadOptions> & { port: number }): Promise<LoadReport> {
    const all = { ...QUICK, connections: 4, serverPid: process.pid, ...options };
    return runLoad(this.newChildren(), LOAD, all);
  }

  async runRaw(args: readonly string[]): Promise<Ended> {
    const child = await this.newChildren().start({ file: LOAD, args });
    const code = await child.ended;
    return { code, ...child.output };
  }

  async end(): Promise<void> {
    for (const cleanup of this.#cleanups.splice(0).reverse()) await cleanup();
  }
}

/** What every test file calls once. */
export function useLoadGenerator(): LoadGenerator {
  const generator = new LoadGenerator();
  afterEach(() => generator.end());
  return generator;
}
