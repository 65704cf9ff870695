// The main thread of the pool: it accepts, hands connections out to its threads, and serves none.
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { Interest, Reactor, type Registration } from 'edgewise';
import * as sys from 'edgewise/sys';
import type { FromThread, ThreadData, ToThread } from './loop.ts';

const { AF_INET, SOCK_STREAM, SOCK_NONBLOCK, SOL_SOCKET, SO_REUSEADDR, SO_REUSEPORT } =
  sys.constants;
/** As long as clients may take to read their answers when the pool stops. */
const STOP_MS = 2000;
/** What each thread runs, `new Worker(LOOP, { workerData })`: loop.ts, or loop.js beside pool.js. */
export const LOOP = new URL(import.meta.url.replace(/pool(?=\.\w+$)/, 'loop'));

export interface PoolOptions {
  readonly host: string;
  /** 0: the system gives one. */
  readonly port: number;
  /** How many threads serve, from 1 on. */
  readonly threads: number;
  /** Each thread has a listener of its own. */
  readonly reusesPort: boolean;
}

interface Thread {
  readonly worker: Worker;
  /** Connections that it was given. Accepted here, and so closed here: once, whatever becomes of it. */
  readonly fds: Set<number>;
}

export class Pool {
  readonly #options: PoolOptions;
  readonly #reactor = new Reactor();
  #listener = -1;
  #registration: Registration | undefined;
  #port = 0;
  #threads: Thread[] = []; // those that are ready
  #turn = 0;
  #isStopping = false;

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  /** Where it listens, once `start` has resolved. */
  get port(): number {
    return this.#port;
  }

  /** Resolves when a client that connects will be served. */
  async start(): Promise<void> {
    const { host, port, threads, reusesPort } = this.#options;
    this.#reactor.attach();
    this.#listener = must(sys.socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK));
    must(sys.setsockopt(this.#listener, SOL_SOCKET, SO_REUSEADDR, 1));
    if (reusesPort) must(sys.setsockopt(this.#listener, SOL_SOCKET, SO_REUSEPORT, 1));
    must(sys.bind(this.#listener, { address: host, port }));
    const name = new sys.SocketAddress();
    must(sys.getsockname(this.#listener, name));
    this.#port = name.port ?? 0;
    await Promise.all(Array.from({ length: threads }, () => this.#startThread()));
    // With listeners of the threads, ours only keeps the port: bound, it gets no connection until it listens.
    if (reusesPort) return;
    must(sys.listen(this.#listener, 511));
    const onReady = (): void => this.#acceptAll();
    this.#registration = this.#reactor.register(this.#listener, Interest.Readable, { onReady });
  }

  /** Accepts no more, lets the threads answer what was asked, and ends them. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    if (this.#registration !== undefined) this.#acceptAll(); // the kernel has welcomed them already
    this.#registration?.close();
    sys.close(this.#listener);
    await Promise.all(this.#threads.map(stopThread));
    this.#reactor.close();
  }

  #startThread(): Promise<void> {
    const { host, reusesPort } = this.#options;
    const workerData: ThreadData = { host, port: this.#port, reusesPort };
    const thread: Thread = { worker: new Worker(LOOP, { workerData }), fds: new Set() };
    return new Promise((resolve, reject) => {
      thread.worker.on('message', (message: FromThread) => {
        if (message !== 'ready') return this.#close(thread, message);
        this.#add(thread);
        resolve();
      });
      thread.worker.on('error', (error) => {
        console.error(`a thread has ended: ${error.message}`);
        reject(error); // of no effect once it was ready
      });
      thread.worker.on('exit', () => this.#ended(thread));
    });
  }

  #add(thread: Thread): void {
    this.#threads.push(thread);
    if (this.#isStopping) void stopThread(thread);
    else this.#watch();
  }

  #ended(thread: Thread): void {
    for (const fd of thread.fds) this.#close(thread, fd);
    if (this.#isStopping || !this.#threads.includes(thread)) return;
    this.#threads = this.#threads.filter((each) => each !== thread);
    this.#watch();
    void this.#startThread();
  }

  #close(thread: Thread, fd: number): void {
    if (thread.fds.delete(fd)) sys.close(fd);
  }

  // While no thread is there, clients wait in the kernel's queue.
  #watch(): void {
    this.#registration?.setInterest(this.#threads.length > 0 ? Interest.Readable : Interest.None);
  }

  #acceptAll(): void {
    for (;;) {
      const thread = this.#threads[this.#turn % this.#threads.length];
      if (thread === undefined) return;
      const fd = sys.accept4(this.#listener, null, SOCK_NONBLOCK);
      if (fd < 0) return;
      this.#turn++;
      thread.fds.add(fd);
      thread.worker.postMessage(fd satisfies ToThread);
    }
  }
}

/** Resolves when it has ended: by itself, or, after its time, by force. */
async function stopThread({ worker }: Thread): Promise<void> {
  const timer = setTimeout(() => worker.terminate(), STOP_MS);
  worker.postMessage('stop' satisfies ToThread);
  await once(worker, 'exit');
  clearTimeout(timer);
}

/** For calls that do not fail unless something is wrong with the program. */
function must(result: number): number {
  if (result < 0) throw new Error(sys.errnoName(result));
  return result;
}
