// The table of contents of `edgewise/proactor`: operations that complete, over a Reactor.
export {
  type AcceptWaitOptions,
  type AwaitableDescriptor,
  awaitable,
  type MessageWaitOptions,
  type RangeWaitOptions,
} from './awaitable.ts';
export { delay } from './delay.ts';
export type { Descriptor } from './descriptor.ts';
export type { CompletionHandler, OperationId } from './operation.ts';
export type {
  AcceptOptions,
  MessageOptions,
  OperationOptions,
  RangeOptions,
} from './options.ts';
export { Proactor, type ProactorOptions } from './proactor.ts';
