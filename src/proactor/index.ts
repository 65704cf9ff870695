// The table of contents of `edgewise/proactor`: operations that complete, over a Reactor.
export {
  type AwaitableDescriptor,
  awaitable,
  type MessageOptions,
  type RangeOptions,
} from './awaitable.ts';
export { delay } from './delay.ts';
export type { Descriptor } from './descriptor.ts';
export type { CompletionHandler, OperationId } from './operation.ts';
export { Proactor, type ProactorOptions } from './proactor.ts';
