// Readers and writers of descriptors that are not sockets.

export type { EndpointOptions } from './endpoint.ts';
export {
  type DescriptorReader,
  openReader,
  type ReaderHandlers,
  type ReaderOptions,
} from './reader.ts';
export {
  type DescriptorWriter,
  openWriter,
  type WriterHandlers,
  type WriterOptions,
} from './writer.ts';
