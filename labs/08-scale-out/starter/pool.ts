// The main thread of the pool: it accepts, hands connections out to its threads, and serves none. Lab 8: tasks a to d.
import { Interest, Reactor } from 'edgewise';
import * as sys from 'edgewise/sys';

const { AF_INET, SOCK_STREAM, SOCK_NONBLOCK, SOL_SOCKET, SO_REUSEADDR } = sys.constants;
/** As long as clients may take to read their answers when the pool stops. */
export const STOP_MS = 2000;
/** What each thread runs, `new Worker(LOOP, { workerData })`: loop.ts, or loop.js beside pool.js. */
export const LOOP = new URL(import.meta.url.replace(/pool(?=\.\w+$)/, 'loop'));

export interface PoolOptions {
  readonly host: string;
  /** 0: the system gives one. */
  readonly port: number;
  /** How many threads serve, from 1 on. */
  readonly threads: number;
  /** Task b: each thread has a listener of its own. */
  readonly reusesPort: boolean;
}

export class Pool {
  readonly #options: PoolOptions;
  readonly #reactor = new Reactor();
  #listener = -1;
  #port = 0;

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  /** Where it listens, once `start` has resolved. */
  get port(): number {
    return this.#port;
  }

  /** Resolves when a client that connects will be served. */
  async start(): Promise<void> {
    const { host, port } = this.#options;
    this.#reactor.attach();
    this.#listener = must(sys.socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK));
    must(sys.setsockopt(this.#listener, SOL_SOCKET, SO_REUSEADDR, 1));
    must(sys.bind(this.#listener, { address: host, port }));
    must(sys.listen(this.#listener, 511));
    const name = new sys.SocketAddress();
    must(sys.getsockname(this.#listener, name));
    this.#port = name.port ?? 0;
    // Task a: start the threads, give each connection to one of them, and take this function out.
    this.#reactor.register(this.#listener, Interest.Readable, {
      onReady: (_, listener) => listener.setInterest(Interest.None),
    });
  }

  /** Accepts no more, lets the threads answer what was asked, and ends them. */
  async stop(): Promise<void> {
    sys.close(this.#listener); // Task c: and what the threads have?
    this.#reactor.close();
  }
}

/** For calls that do not fail unless something is wrong with the program. */
function must(result: number): number {
  if (result < 0) throw new Error(sys.errnoName(result));
  return result;
}
