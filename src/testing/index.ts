// The table of contents of `edgewise/testing`: servers on a simulated kernel.
export { type KernelObserver, observeKernel } from '../kernel.ts';
export type { KernelCall } from '../kernel-calls.ts';
export type { Duration } from './duration.ts';
export type { Escape } from './escapes.ts';
export type { FailedRun } from './failure.ts';
export type { Edges } from './kernel/interest-set.ts';
export type { FaultOptions } from './kernel/options.ts';
export type { Packet, Rule, Verdict } from './kernel/packet.ts';
export type { BufferSizes } from './kernel/stream.ts';
export type { Peer } from './peer.ts';
export type { Body } from './run.ts';
export {
  type SimulateOptions,
  type SimulateReport,
  type SimulateResult,
  simulate,
} from './simulate.ts';
export type {
  AskedOptions,
  OpenDescriptors,
  Place,
  ResetOptions,
  Simulation,
} from './simulation.ts';
export type { SocketRow } from './sockets.ts';
