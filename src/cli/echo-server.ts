// What every echo server of `edgewise echo` takes and returns, whichever API it is written on.
import type { Backend } from '../poller/index.ts';
import type { ReactorOptions } from '../reactor/index.ts';

/** How readiness repeats, as `--trigger` has it. */
export type EchoTrigger = 'level' | 'edge';

/** Options of every echo server. */
export interface EchoOptions {
  /** A numeric address, IPv4 or IPv6. */
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly trigger: EchoTrigger;
  /** Default: the best one of this platform. */
  readonly backend?: Backend;
  /** How long a wait looks at the queues of network devices, in microseconds; default: the system's. */
  readonly busyPollUs?: number;
}

/** The options of the server's reactor. */
export function reactorOptionsOf({ backend, busyPollUs }: EchoOptions): ReactorOptions {
  return {
    ...(backend === undefined ? {} : { backend }),
    ...(busyPollUs === undefined ? {} : { busyPoll: { microseconds: busyPollUs } }),
  };
}

/** An echo server that accepts. */
export interface EchoServer {
  /** The port it listens on, never 0. */
  readonly port: number;
  /** Closes the listener and all connections; then `done` resolves. */
  close(): void;
  /** Resolves after `close`; rejects with the error that ended the server otherwise. */
  readonly done: Promise<void>;
}

/**
 * Starts an echo server.
 *
 * @throws ErrnoError - the address is in use, not local, or not allowed.
 */
export type StartEcho = (options: EchoOptions) => EchoServer | Promise<EchoServer>;
