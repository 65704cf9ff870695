// A talk of a page, held: each line is done, or waited for, in order.
//
//   server  $ node server.ts      starts a program
//   ann     $ nc 127.0.0.1 7000   connects
//   ann     > hello               types a line; ^D at its end: without the end of line; ^C: leaves; ^Z: stops to read
//   bob     ann: hello            gets this line, where … is anything
//   bob     ...                   gets any number of lines before the next one
//   bob     (closed)              gets no more
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { expect, vi } from 'vitest';
import type { Files } from './page.ts';
import { certificateFile, Lines, makeFolder, Server, SLOW_TURN } from './running.ts';

const PORTS = { chat: 7000, tls: 7001 };
const host = '127.0.0.1';

class Client {
  readonly lines: Lines;
  readonly #socket: Socket;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('error', () => undefined); // it reads what came before, and then no more
    this.lines = new Lines(socket);
  }

  async type(text: string): Promise<void> {
    if (text === '^C') await once(this.#socket.destroy(), 'close');
    else if (text === '^Z') this.#socket.pause();
    else if (text.endsWith('^D')) await this.#write(text.slice(0, -2));
    else this.#socket.write(`${text}\n`);
  }

  /** Is done when the server has read it, by itself: what is typed next is another read. */
  async #write(text: string): Promise<void> {
    await new Promise((resolve) => this.#socket.write(text, resolve));
    const { localPort = 0, remotePort = 0 } = this.#socket;
    await vi.waitUntil(() => unreadBetween(localPort, remotePort) === 0, { timeout: 20_000 });
  }

  /** Says a line again and again, as fast as it is taken. */
  flood(text: string): void {
    const lines = `${text}\n`.repeat(1000);
    const more = () => {
      while (!this.#socket.destroyed && this.#socket.write(lines));
    };
    this.#socket.on('drain', more);
    more();
  }

  end(): void {
    this.#socket.destroy();
  }
}

/** The bytes from one port of this host to another that are on their way or not read. See proc_net_tcp(5). */
function unreadBetween(from: number, to: number): number {
  if (process.platform !== 'linux') return 0;
  const portOf = (address = '') => Number.parseInt(address.split(':')[1] ?? '', 16);
  return readFileSync('/proc/net/tcp', 'utf8')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .map(([, local, peer, , queues = '']) => {
      const [sent = 0, received = 0] = queues.split(':').map((size) => Number.parseInt(size, 16));
      if (portOf(local) === from && portOf(peer) === to) return sent;
      return portOf(local) === to && portOf(peer) === from ? received : 0;
    })
    .reduce((sum, count) => sum + count, 0);
}

/** What a line of a page matches: `…` is anything. */
function patternOf(text: string): RegExp {
  const parts = text.split('…').map((part) => part.replace(/[$()*+.?[\\\]^{|}]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`);
}

/** A port that no process listens on. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => void server.listen(0, host, resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A talk with the programs of some files. */
export class Talk {
  readonly servers = new Map<string, Server>();
  readonly clients = new Map<string, Client>();
  readonly #folder: string;
  readonly #home = mkdtempSync(join(tmpdir(), 'edgewise-guide-'));
  readonly #ports = new Map<number, number>();
  readonly #proxies: { close(): void }[] = [];
  #skips: string | undefined; // the name that the next line may be preceded by others for

  constructor(files: Files) {
    this.#folder = makeFolder(files);
  }

  async hold(text: string): Promise<void> {
    for (const port of [PORTS.chat, PORTS.tls]) this.#ports.set(port, await freePort());
    for (const line of text.trimEnd().split('\n')) {
      const [, name = '', said = ''] = /^(\S+) +(.*)$/.exec(line) ?? [];
      if (said.startsWith('$ ')) await this.#run(name, said.slice(2));
      else if (said.startsWith('> ')) await this.#type(name, said.slice(2));
      else if (said === '...') this.#skips = name;
      else if (said === '(closed)') await this.#ended(name);
      else await this.#expect(name, said);
    }
  }

  async end(): Promise<void> {
    for (const client of this.clients.values()) client.end();
    for (const proxy of this.#proxies) proxy.close();
    await Promise.all([...this.servers.values()].map((server) => server.kill()));
    for (const folder of [this.#folder, this.#home]) rmSync(folder, { recursive: true });
  }

  async #run(name: string, command: string): Promise<void> {
    const [, signal] = /^kill -(\w+) \d+$/.exec(command) ?? [];
    const [, flood] = /^yes '?(.*?)'? \| nc 127\.0\.0\.1 7000$/.exec(command) ?? [];
    const [, count] =
      /^head -c (\d+) \/dev\/zero \| tr '\\0' x \| nc 127\.0\.0\.1 7000$/.exec(command) ?? [];
    const [, port] = /^nc 127\.0\.0\.1 (\d+)$/.exec(command) ?? [];
    if (command.startsWith('node server.ts')) this.#start(name);
    else if (signal !== undefined) this.#server().signal(`SIG${signal}` as NodeJS.Signals);
    else if (flood !== undefined) this.#connect(name, PORTS.chat).flood(flood);
    else if (count !== undefined)
      await this.#connect(name, PORTS.chat).type(`${'x'.repeat(Number(count))}^D`);
    else if (port !== undefined) this.#connect(name, Number(port));
    else if (command.startsWith('openssl s_client')) this.#connectTls(name);
    else if (command.startsWith('nc -l')) await this.#listenBetween(name);
    else throw new Error(`a command that no one knows: ${command}`);
  }

  #start(name: string): void {
    const ports = [PORTS.chat, PORTS.tls].map((port) => `${this.portOf(port)}`);
    this.servers.set(name, new Server(this.#folder, ports, this.#home));
  }

  #server(): Server {
    const [server] = [...this.servers.values()].slice(-1);
    if (server === undefined) throw new Error('no server was started');
    return server;
  }

  portOf(port: number): number {
    return this.#ports.get(port) ?? Number.NaN;
  }

  #add(name: string, socket: Socket): Client {
    const client = new Client(socket);
    this.clients.set(name, client);
    return client;
  }

  #connect(name: string, port: number): Client {
    return this.#add(name, connect({ host, port: this.portOf(port) }));
  }

  #connectTls(name: string): void {
    const ca = readFileSync(certificateFile());
    const port = this.portOf(PORTS.tls);
    this.#add(name, connectTls({ host, port, ca, servername: 'localhost' }));
  }

  // `nc -l 7009 | tee /dev/tty | nc 127.0.0.1 7000`: shows what the clients send.
  async #listenBetween(name: string): Promise<void> {
    const seen = new PassThrough();
    const server = createServer((socket) => {
      const chat = connect({ host, port: this.portOf(PORTS.chat) });
      for (const side of [socket, chat]) side.on('error', () => undefined); // one of the two was reset
      socket.pipe(seen, { end: false });
      socket.pipe(chat).pipe(socket);
    });
    await new Promise<void>((resolve) => void server.listen(0, host, resolve));
    const { port } = server.address() as AddressInfo;
    this.#ports.set(7009, port);
    this.#proxies.push(server);
    this.clients.set(name, new Client(seen as unknown as Socket));
  }

  async #type(name: string, text: string): Promise<void> {
    const server = this.servers.get(name);
    if (server !== undefined) server.signal('SIGINT');
    else await this.clients.get(name)?.type(text);
  }

  async #ended(name: string): Promise<void> {
    const server = this.servers.get(name);
    if (server !== undefined)
      expect([0, null]).toContain(await server.exited); // null: by a signal
    else expect(await this.clients.get(name)?.lines.next()).toBe(undefined);
  }

  async #expect(name: string, text: string): Promise<void> {
    const pattern = patternOf(text.replace(/\d+(?= ms$)/, '…'));
    const isSlowTurn = SLOW_TURN.test(text);
    const isAnyOf = this.#skips === name;
    let line: string | undefined;
    do {
      line = await this.#next(name, isSlowTurn);
      for (const [shown, actual] of this.#ports) line = line?.replaceAll(`:${actual}`, `:${shown}`);
    } while ((isAnyOf || isSlowTurn) && line !== undefined && !pattern.test(line));
    if (this.#skips === name) this.#skips = undefined;
    expect(`${line}`, name).toMatch(pattern);
  }

  async #next(name: string, isSlowTurn: boolean): Promise<string | undefined> {
    const server = this.servers.get(name);
    if (server === undefined) return this.clients.get(name)?.lines.next();
    return isSlowTurn ? server.slowTurn() : server.line();
  }
}
