// The table of contents of `edgewise/proactor`: operations that complete, over a Reactor.
export {
  type AwaitableDescriptor,
  awaitable,
  type MessageOptions,
  type RangeOptions,
} from './proactor/awaitable.ts';
export { delay } from './proactor/delay.ts';
export type { Descriptor } from './proactor/descriptor.ts';
export type { CompletionHandler, OperationId } from './proactor/operation.ts';
export { Proactor, type ProactorOptions } from './proactor/proactor.ts';
