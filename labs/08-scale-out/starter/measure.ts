// One measurement of one model of a server; nothing is to be done here. `node measure.ts level` shows one. It needs
// Linux: CPU time is what /proc says of the threads of the server's process, so the clients here do not count in it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Connection, connect } from 'edgewise/promises';

/** The models, and the program of each; the last one is yours. */
export const MODELS = {
  blocking: ['models/blocking'],
  'thread per connection': ['models/threads'],
  level: ['models/level'],
  edge: ['models/edge'],
  reactor: ['models/reactor'],
  'two reactors': ['main', '--threads', '2'],
} as const;
export type Model = keyof typeof MODELS;

/** What is measured of a model. */
export interface Figures {
  /** CPU time of the server for a line, in microseconds: 4 new clients, 10 lines each. */
  readonly shortUs: number;
  /** The same for a long conversation: 8 clients, 1,000 lines each. */
  readonly longUs: number;
  /** Wall time from the connects of those 8 until each of them has its first answer, in milliseconds. */
  readonly lastWaitMs: number;
}

const SHORT = { clients: 4, lines: 10 };
const LONG = { clients: 8, lines: 1000 };
const LINE = 'the quick brown fox jumps over the lazy dog\n';
const EXTENSION = import.meta.url.slice(import.meta.url.lastIndexOf('.'));
const FOLDER = new URL('.', import.meta.url);
const NS_PER_US = 1000;

interface Server {
  readonly pid: number;
  readonly port: number;
}

/** Starts a model, measures it, and ends it: about a second. */
export async function measure(model: Model): Promise<Figures> {
  const [file, ...flags] = MODELS[model];
  const words = [`${file}${EXTENSION}`, '--port', '0', ...flags];
  const server = spawn(process.execPath, words, {
    cwd: FOLDER,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const [said] = await once(server.stdout.setEncoding('utf8'), 'data');
    const at = { pid: server.pid ?? 0, port: Number(/:(\d+)\n/.exec(said)?.[1]) };
    const servesOne = model === 'blocking';
    const short = await talk(at, SHORT, servesOne);
    const long = await talk(at, LONG, servesOne);
    const { cpuUs: longUs, lastWaitMs } = long;
    return {
      shortUs: rounded(short.cpuUs),
      longUs: rounded(longUs),
      lastWaitMs: rounded(lastWaitMs),
    };
  } finally {
    server.kill('SIGKILL');
  }
}

/** All clients at once, each with so many lines, one after the other. */
async function talk({ pid, port }: Server, { clients, lines }: typeof SHORT, servesOne: boolean) {
  const before = threadsOf(pid);
  const begin = performance.now();
  let lastWaitMs = 0;
  const converse = async (): Promise<Connection> => {
    const connection = await connect({ host: '127.0.0.1', port });
    for (let i = 0; i < lines; i++) {
      await connection.write(LINE);
      await connection.readExactly(LINE.length);
      if (i === 0) lastWaitMs = Math.max(lastWaitMs, performance.now() - begin);
    }
    if (servesOne) connection.destroy(); // the next client waits for that
    return connection;
  };
  const connections = await Promise.all(Array.from({ length: clients }, converse));
  let cpuNs = 0;
  // What a thread has used is not shown any more when it has ended: no client leaves before this.
  for (const [thread, ns] of threadsOf(pid)) cpuNs += ns - (before.get(thread) ?? 0);
  for (const connection of connections) connection.destroy();
  return { cpuUs: cpuNs / NS_PER_US / (clients * lines), lastWaitMs };
}

const rounded = (value: number): number => Math.round(value * 100) / 100;

/** The CPU time of each thread of a process, in nanoseconds, by its number. */
function threadsOf(pid: number): Map<string, number> {
  const folder = `/proc/${pid}/task`;
  const threads = readdirSync(folder).map((thread): [string, number] => {
    const [ns] = readFileSync(`${folder}/${thread}/schedstat`, 'utf8').split(' ');
    return [thread, Number(ns)];
  });
  return new Map(threads);
}

const [program, model] = process.argv.slice(1);
if (program === fileURLToPath(import.meta.url)) console.log(await measure(model as Model));
