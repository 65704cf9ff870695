// The servers of the cluster test: NATS, Redis, HAProxy and the chat itself, on free ports, with folders
// of their own, and ended by their ids.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { runnable } from '../../scripts/runnable.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const EXAMPLE = join(ROOT, 'examples/cluster');
const LINES_KEPT = 200;
export const HOST = '127.0.0.1';

/** A program that can be killed and started again with the same arguments. */
class Server {
  name;
  #command;
  #args;
  #ready;
  #env;
  #child;
  #lines = [];

  constructor(name, command, args, ready, env = {}) {
    this.name = name;
    this.#command = command;
    this.#args = args;
    this.#ready = ready;
    this.#env = env;
  }

  /** Resolves with the line that says that it is ready. */
  async start() {
    const env = { ...process.env, ...this.#env };
    const child = spawn(this.#command, this.#args, { stdio: ['ignore', 'pipe', 'pipe'], env });
    this.#child = child;
    const ready = new Promise((resolve, reject) => {
      for (const output of [child.stdout, child.stderr]) {
        createInterface({ input: output }).on('line', (line) => {
          this.#lines.push(line);
          if (this.#lines.length > LINES_KEPT) this.#lines.shift();
          if (this.#ready.test(line)) resolve(line);
        });
      }
      child.once('error', reject);
      child.once('exit', (code, signal) => {
        reject(new Error(`${this.name} ended with ${code ?? signal}:\n${this.text}`));
      });
    });
    return ready;
  }

  get text() {
    return this.#lines.join('\n');
  }

  kill() {
    if (this.#child?.exitCode === null && this.#child.signalCode === null)
      this.#child.kill('SIGKILL');
  }

  /** Sends the signal, and waits for its end. */
  async end(signal) {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  }
}

/** All servers of a run, and the folder of their files. */
export class World {
  folder = mkdtempSync(join(tmpdir(), 'edgewise-cluster-'));
  #servers = [];

  constructor() {
    // Whatever ends this process: nothing of the world is left.
    process.once('exit', () => this.#clean());
    for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));
  }

  async ports(count) {
    const sockets = Array.from({ length: count }, () => createServer().listen(0, HOST));
    await Promise.all(sockets.map((socket) => once(socket, 'listening')));
    const ports = sockets.map((socket) => socket.address().port);
    await Promise.all(sockets.map((socket) => new Promise((done) => socket.close(done))));
    return ports;
  }

  server(...args) {
    const server = new Server(...args);
    this.#servers.push(server);
    return server;
  }

  /** Says what each has said last. */
  explain() {
    for (const { name, text } of this.#servers) console.log(`--- ${name}\n${text}`);
  }

  async end() {
    await Promise.all(this.#servers.map((server) => server.end('SIGKILL')));
    this.#clean();
  }

  #clean() {
    for (const server of this.#servers) server.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Three servers of NATS in a cluster, with JetStream. */
  async nats() {
    const [clients, routes, monitors] = await Promise.all([3, 3, 3].map((n) => this.ports(n)));
    const servers = clients.map((port, index) => {
      const name = `nats-${index + 1}`;
      const folder = join(this.folder, name);
      mkdirSync(folder);
      const others = routes.map((route) => `nats-route://${HOST}:${route}`).join(', ');
      const file = join(folder, 'nats.conf');
      writeFileSync(
        file,
        `server_name: ${name}
        listen: ${HOST}:${port}
        http: ${HOST}:${monitors[index]}
        jetstream { store_dir: "${folder}", max_mem: 64MB, max_file: 256MB }
        cluster { name: chat, listen: ${HOST}:${routes[index]}, routes: [${others}] }
        `,
      );
      const server = this.server(name, 'nats-server', ['-c', file], /Server is ready/);
      return Object.assign(server, { monitor: monitors[index] });
    });
    await Promise.all(servers.map((server) => server.start()));
    const url = `nats://${clients.map((port) => `${HOST}:${port}`).join(',')}`;
    return { url, servers };
  }

  async redis() {
    const [port] = await this.ports(1);
    const kept = ['--appendonly', 'yes', '--appendfsync', 'always', '--save', ''];
    const where = ['--port', `${port}`, '--bind', HOST, '--dir', this.folder];
    const server = this.server('redis', 'redis-server', [...where, ...kept], /Ready to accept/);
    await server.start();
    return { url: `redis://${HOST}:${port}`, servers: [server] };
  }

  /** Processes of the chat; `health` is the port of each for `/readyz`. */
  async chats(url, count, proxy) {
    const main = runnable(EXAMPLE, 'main', join(ROOT, 'build-examples/cluster'));
    const ports = await this.ports(2 * count);
    const env = { CHAT_SETTLE_MS: '1500', ...(proxy === undefined ? {} : { CHAT_PROXY: proxy }) };
    const chats = Array.from({ length: count }, (_, index) => {
      const [port, health] = ports.slice(2 * index);
      const args = [main, `${port}`, `${health}`, url];
      const server = this.server(`chat-${index + 1}`, process.execPath, args, /^listening on/, env);
      return Object.assign(server, { port, health });
    });
    await Promise.all(chats.map((chat) => chat.start()));
    return chats;
  }

  /** HAProxy with the file of the example. */
  async haproxy(chats) {
    const [port] = await this.ports(1);
    const env = { CHAT_BIND: `${HOST}:${port}` };
    for (const [index, chat] of chats.entries()) {
      const name = `CHAT_${index + 1}`;
      env[name] = `${HOST}:${chat.port}`;
      env[`${name}_HEALTH_HOST`] = HOST;
      env[`${name}_HEALTH_PORT`] = `${chat.health}`;
    }
    // In debugging mode it stays in the foreground, and says what it does.
    const args = ['-db', '-V', '-f', join(EXAMPLE, 'haproxy.cfg')];
    const server = this.server(
      'haproxy',
      'haproxy',
      args,
      /^Using \w+\(\) as the polling mechanism/,
      env,
    );
    await server.start();
    return { port, servers: [server] };
  }
}

/** Asks until the answer has the wanted status: `/readyz` of a chat, `/healthz` of NATS. */
export async function answered(port, path, status, isDone = () => false) {
  while (!isDone()) {
    const found = await fetch(`http://${HOST}:${port}${path}`).then(
      (response) => response.status,
      () => 0, // it is not there yet, or no more
    );
    if (found === status) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
