// What a simulated machine is made with.
import type { CallFaults } from './faults.ts';
import type { Edges } from './interest-set.ts';
import type { LinkFaults } from './link.ts';
import type { BufferSizes } from './stream.ts';
import { Tape } from './tape.ts';

/** What goes wrong by chance; everything is kind when it is left out. */
export interface FaultOptions extends Partial<CallFaults> {
  /** Milliseconds by which a segment or a datagram is late: 0 to at most this many. */
  readonly delayMs?: number | undefined;
  /** That it is late, 0 to 1. Default 0.5 when there is a delay. */
  readonly delay?: number | undefined;
  /** That what is sent arrives in pieces, 0 to 1. */
  readonly cut?: number | undefined;
  /** That a segment of TCP does not arrive, and its connection is reset, 0 to 1. */
  readonly resets?: number | undefined;
  /** That a datagram of UDP is lost, 0 to 1. */
  readonly loss?: number | undefined;
  /** That a datagram of UDP arrives behind those that were sent after it, 0 to 1. */
  readonly reorder?: number | undefined;
  /** That a datagram of UDP arrives twice, 0 to 1. */
  readonly duplicate?: number | undefined;
  /** That a wait wakes up with nothing to report, 0 to 1. */
  readonly spurious?: number | undefined;
  /** That a batch begins with another descriptor than the one that has waited longest, 0 to 1. */
  readonly order?: number | undefined;
}

/** Options of a simulated machine. */
export interface KernelOptions {
  /** What decides: a seed, or the choices of another run. Default: all is kind. */
  readonly tape?: number | readonly number[] | undefined;
  /** What goes wrong by chance. */
  readonly faults?: FaultOptions | undefined;
  /** `'strict'`: an edge is only what was not ready before. Default `'linux'`: each arrival is one. */
  readonly edges?: Edges | undefined;
  /** Descriptors that may be open at a time. Default 1024. */
  readonly descriptorsMax?: number | undefined;
  /** Buffers of each socket, in bytes. Default: 256 KiB to send, 128 KiB to receive. */
  readonly buffers?: Partial<BufferSizes> | undefined;
}

/** The same with all that was left out. */
export interface KernelSettings {
  readonly tape: Tape;
  readonly calls: CallFaults;
  readonly links: LinkFaults;
  readonly spurious: number;
  readonly order: number;
  readonly edges: Edges;
  readonly descriptorsMax: number;
  readonly buffers: BufferSizes;
}

const DESCRIPTORS_MAX = 1024;
const SEND_BYTES = 262_144;
const RECEIVE_BYTES = 131_072;
const KIND: CallFaults = { shortReads: 0, shortWrites: 0, emfile: 0, aborted: 0, interrupted: 0 };

/** Fills in what was left out. */
export function settingsOf(options: KernelOptions): KernelSettings {
  const { faults = {}, tape = [], edges = 'linux', descriptorsMax = DESCRIPTORS_MAX } = options;
  const { delayMs = 0, delay = 0.5, spurious = 0, order = 0 } = faults;
  const { cut = 0, resets = 0, loss = 0, reorder = 0, duplicate = 0 } = faults;
  const late = { probability: delayMs > 0 ? delay : 0, maxMs: delayMs };
  const { send = SEND_BYTES, receive = RECEIVE_BYTES } = options.buffers ?? {};
  return {
    tape: new Tape(tape),
    calls: { ...KIND, ...faults },
    links: { delay: late, cut, resets, loss, reorder, duplicate },
    spurious,
    order,
    edges,
    descriptorsMax,
    buffers: { send, receive },
  };
}
