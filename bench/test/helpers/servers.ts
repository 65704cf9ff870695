// Servers for the load generator, in this process or in one of their own; `useServers` ends them
// after each test.
import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket, type RemoteInfo, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach } from 'vitest';
import type { LoadPlan } from '../../src/load.ts';
import { inRoot } from '../../src/root.ts';

export class Servers {
  readonly #cleanups: (() => unknown)[] = [];

  /** A TCP server in this process; `onSocket` gets every connection. @returns its port. */
  async tcp(onSocket: (socket: Socket) => void): Promise<number> {
    const sockets = new Set<Socket>();
    const server = createServer({ noDelay: true }, (socket) => {
      sockets.add(socket);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => sockets.delete(socket));
      onSocket(socket);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    this.#cleanups.push(() => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(resolve));
    });
    return (server.address() as AddressInfo).port;
  }

  echo(): Promise<number> {
    return this.tcp((socket) => socket.pipe(socket));
  }

  /** A UDP socket in this process. @returns its port. */
  async udp(onMessage: (socket: UdpSocket, data: Buffer, from: RemoteInfo) => void) {
    const socket = createSocket('udp4', (data, from) => onMessage(socket, data, from));
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    this.#cleanups.push(() => socket.close());
    return socket.address().port;
  }

  /** bench/test/stalling-server.mjs. @returns its port. */
  async stalling(stallMs: number, periodMs: number): Promise<number> {
    const script = fileURLToPath(new URL('../stalling-server.mjs', import.meta.url));
    const child = this.spawn(process.execPath, [script, String(stallMs), String(periodMs)]);
    if (child.stdout === null) throw new Error('no pipe');
    const [line] = await once(createInterface({ input: child.stdout }), 'line');
    return Number(/:(\d+)$/.exec(String(line))?.[1]);
  }

  /** edgewise-load with these arguments. */
  load(...args: (string | number)[]): ChildProcess {
    return this.spawn(inRoot('build/Release/edgewise-load'), args.map(String));
  }

  spawn(file: string, args: readonly string[]): ChildProcess {
    const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#cleanups.push(() => child.kill('SIGKILL'));
    return child;
  }

  async end(): Promise<void> {
    for (const cleanup of this.#cleanups.splice(0).reverse()) await cleanup();
  }
}

/** What every test file calls once. */
export function useServers(): Servers {
  const servers = new Servers();
  afterEach(() => servers.end());
  return servers;
}

/** All that a program prints, and how it ended. */
export async function outputOf(child: ChildProcess) {
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (text: string) => {
      output[name] += text;
    });
  }
  const [code] = await once(child, 'close');
  return { code: code as number | null, ...output };
}

/** A plan with what most tests do not care about. */
export function planFor(port: number, plan: Partial<LoadPlan> = {}): LoadPlan {
  return {
    protocol: 'tcp',
    mode: 'closed',
    port,
    connections: 4,
    size: 64,
    seconds: 0.3,
    warmupSeconds: 0.05,
    ...plan,
  };
}
