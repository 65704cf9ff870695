// Every operation of a connection as a stream that waits, and every way in which it can end.
import { finished, PassThrough, pipeline, Readable } from 'node:stream';
import type { ReadableStreamDefaultReader } from 'node:stream/web';
import { describe } from 'vitest';
import { toDuplex } from '../../src/stream/duplex.ts';
import { type AwaitedDuplex, fromDuplex } from '../../src/stream/from-duplex.ts';
import type { SocketDuplex } from '../../src/stream/socket.ts';
import { toWebStreams, type WebStreams } from '../../src/stream/web.ts';
import { useDescriptors } from '../helpers/descriptors.ts';
import { Mine, Stop, testEndings } from '../helpers/endings.ts';
import {
  all,
  atPeer,
  CLOSED,
  type Ends,
  IDLE_MS,
  LONG,
  type Outcomes,
  openEnds,
  reading,
  WRITING,
} from './ends.ts';

const descriptors = useDescriptors();
const noop = () => undefined;

interface Streaming extends Ends {
  readonly abort: AbortController;
  readonly stream: SocketDuplex;
}

const streamEndings = {
  ...atPeer,
  destroy: ({ stream }: Streaming) => stream.destroy(),
  'destroy(error)': ({ stream }: Streaming) => stream.destroy(new Mine()),
  resetAndDestroy: ({ stream }: Streaming) => stream.resetAndDestroy(),
  'signal of the stream': ({ abort }: Streaming) => abort.abort(new Stop()),
  'idle timeout': ({ stream }: Streaming) => stream.setTimeout(IDLE_MS, () => stream.destroy()),
};
type StreamEnding = keyof typeof streamEndings;

function streamRead(end: string) {
  const closed = 'ERR_STREAM_PREMATURE_CLOSE'; // as Node has it
  return {
    ...reading(end),
    'the connection is destroyed': closed,
    destroy: closed,
    'destroy(error)': 'MINE',
    resetAndDestroy: closed,
    'signal of the stream': 'ABORT_ERR',
    'idle timeout': closed,
  } satisfies Outcomes<StreamEnding>;
}

const STREAM_WRITTEN = {
  ...WRITING,
  'recv fails': 'EIO',
  destroy: 'ERR_CLOSED',
  'destroy(error)': 'MINE',
  resetAndDestroy: 'ERR_CLOSED',
  'signal of the stream': 'ABORT_ERR',
  'idle timeout': 'ERR_CLOSED',
} satisfies Outcomes<StreamEnding>;

/** Whether with an error; the peer's end alone closes nothing. */
const STREAM_CLOSED: Outcomes<StreamEnding> = {
  'the connection is destroyed': 'false',
  'the connection is destroyed with an error': 'true',
  'the reactor is closed': 'true',
  'the peer resets': 'true',
  'recv fails': 'true',
  destroy: 'false',
  'destroy(error)': 'true',
  resetAndDestroy: 'false',
  'signal of the stream': 'true',
  'idle timeout': 'false',
};

describe('toDuplex', () => {
  testEndings<Streaming, StreamEnding>({
    endings: streamEndings,
    open: async () => {
      const ends = await openEnds(descriptors);
      const abort = new AbortController();
      const stream = toDuplex(ends.mine, { signal: abort.signal });
      return { ...ends, abort, stream: stream.on('error', noop) };
    },
    waits: {
      'for await': {
        begin: ({ stream }) => stream[Symbol.asyncIterator]().next(),
        outcomes: streamRead('{"done":true}'),
      },
      'finished of the readable side': {
        begin: ({ stream }, _signal, settle) => {
          finished(stream.resume(), { writable: false }, settle);
        },
        outcomes: streamRead('undefined'),
      },
      'the callback of write': {
        begin: ({ stream }, _signal, settle) => void stream.write(LONG, settle),
        outcomes: STREAM_WRITTEN,
      },
      'the callback of a write behind it': {
        begin: ({ stream }, _signal, settle) => {
          stream.write(LONG);
          stream.write('x', settle);
        },
        outcomes: STREAM_WRITTEN,
      },
      'the callback of end': {
        begin: ({ stream }, _signal, settle) => {
          stream.write(LONG);
          stream.end(settle);
        },
        outcomes: STREAM_WRITTEN,
      },
      'pipeline into it': {
        begin: ({ stream }, _signal, settle) => {
          pipeline(Readable.from([LONG, LONG]), stream, settle);
        },
        outcomes: STREAM_WRITTEN,
      },
      'pipeline out of it': {
        begin: ({ stream }, _signal, settle) => {
          pipeline(stream, new PassThrough().resume(), settle);
        },
        outcomes: streamRead('undefined'),
      },
      close: {
        begin: ({ stream }, _signal, settle) => {
          stream.resume().on('close', (hadError: boolean) => settle(undefined, hadError));
        },
        outcomes: STREAM_CLOSED,
      },
    },
  });
});

interface Web extends Ends {
  readonly streams: WebStreams;
  readonly reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly writer: WritableStreamDefaultWriter<Uint8Array>;
}

const webEndings = {
  ...atPeer,
  cancel: ({ reader }: Web) => reader.cancel(new Mine()),
  abort: ({ writer }: Web) => void writer.abort(new Mine()).catch(noop),
  'idle timeout': ({ mine }: Web) => mine.raw.setTimeout(IDLE_MS),
};
type WebEnding = keyof typeof webEndings;

const WEB_ENDED = { cancel: 'MINE', abort: 'MINE', 'idle timeout': 'ETIMEDOUT' };
const WEB_WRITTEN = { ...WRITING, ...WEB_ENDED } satisfies Outcomes<WebEnding>;
/** While nothing is read or written. */
const WEB_CLOSED = {
  ...CLOSED,
  ...WEB_ENDED,
  'the peer resets': 'ECONNRESET',
} satisfies Outcomes<WebEnding>;

function webRead(end: string) {
  return { ...reading(end), ...WEB_ENDED, cancel: end } satisfies Outcomes<WebEnding>;
}

// Another reader or writer has the lock.
const { abort: _abort, ...WEB_PIPED } = WEB_WRITTEN;
const { cancel: _cancel, ...WEB_LOCKED } = webRead('undefined');
const WEB_OWN_MEMORY = { ...WEB_LOCKED, ...endedBy('{"done":true}') };

function endedBy(end: string) {
  return { 'the peer ends': end, 'the peer closes': end };
}

describe('toWebStreams', () => {
  testEndings<Web, WebEnding>({
    endings: webEndings,
    open: async () => {
      const ends = await openEnds(descriptors);
      const streams = toWebStreams(ends.mine);
      const reader = streams.readable.getReader();
      const writer = streams.writable.getWriter();
      for (const each of [reader.closed, writer.closed, writer.ready]) each.catch(noop);
      return { ...ends, streams, reader, writer };
    },
    waits: {
      'reader.read': { begin: ({ reader }) => reader.read(), outcomes: webRead('{"done":true}') },
      'reader.closed': {
        begin: ({ reader }) => {
          reader.read().catch(noop);
          return reader.closed;
        },
        outcomes: webRead('undefined'),
      },
      'a reader with memory of its own': {
        begin: ({ reader, streams }) => {
          reader.releaseLock();
          const own = streams.readable.getReader({ mode: 'byob' });
          return own.read(new Uint8Array(9)).then(({ done }) => ({ done }));
        },
        outcomes: WEB_OWN_MEMORY,
      },
      'writer.write': { begin: ({ writer }) => writer.write(LONG), outcomes: WEB_WRITTEN },
      'writer.ready': {
        begin: ({ writer }) => {
          writer.write(LONG).catch(noop);
          return writer.ready;
        },
        outcomes: WEB_WRITTEN,
      },
      'pipeTo out of it': {
        begin: ({ reader, streams }) => {
          reader.releaseLock();
          return streams.readable.pipeTo(new WritableStream());
        },
        outcomes: WEB_LOCKED,
      },
      'pipeTo into it': {
        begin: ({ writer, streams }) => {
          writer.releaseLock();
          return new ReadableStream({ start: (to) => to.enqueue(LONG) }).pipeTo(streams.writable);
        },
        outcomes: WEB_PIPED,
      },
      'writer.closed': { begin: ({ writer }) => writer.closed, outcomes: WEB_CLOSED },
      'writer.close': {
        begin: ({ writer }) => {
          writer.write(LONG).catch(noop);
          return writer.close();
        },
        outcomes: WEB_WRITTEN,
      },
    },
  });
});

interface Wrapped extends Ends {
  readonly duplex: AwaitedDuplex;
}

const duplexEndings = {
  ...atPeer,
  'close(0)': ({ duplex }: Wrapped) => duplex.close({ timeoutMs: 0 }),
  close: ({ duplex }: Wrapped) => duplex.close({ timeoutMs: IDLE_MS }),
  destroy: ({ duplex }: Wrapped) => duplex.destroy(),
  'destroy(error)': ({ duplex }: Wrapped) => duplex.destroy(new Mine()),
  dispose: ({ duplex }: Wrapped) => duplex[Symbol.dispose](),
  'the stream is destroyed': ({ duplex }: Wrapped) => duplex.raw.destroy(),
  'signal of the operation': (_subject: Wrapped, own: AbortController) => own.abort(new Stop()),
};
type DuplexEnding = keyof typeof duplexEndings;

const WRAPPED_ENDED = {
  'close(0)': 'ERR_CLOSED',
  close: 'ERR_CLOSED',
  destroy: 'ERR_CLOSED',
  'destroy(error)': 'MINE',
  dispose: 'ERR_CLOSED',
  'the stream is destroyed': 'ERR_CLOSED',
  'signal of the operation': 'STOP',
};
const WRAPPED_WRITTEN = { ...WRITING, ...WRAPPED_ENDED, 'recv fails': 'EIO' };

function wrappedRead(end: string) {
  return { ...reading(end), ...WRAPPED_ENDED } satisfies Outcomes<DuplexEnding>;
}

const { 'signal of the operation': _, ...WRAPPED_NEXT } = wrappedRead('{"done":true}');
const WRAPPED_CLOSED = all(WRAPPED_NEXT, 'undefined');

describe('fromDuplex', () => {
  testEndings<Wrapped, DuplexEnding>({
    endings: duplexEndings,
    open: async () => {
      const ends = await openEnds(descriptors);
      return { ...ends, duplex: fromDuplex(toDuplex(ends.mine).on('error', noop)) };
    },
    waits: {
      read: {
        begin: ({ duplex }, signal) => duplex.read({ signal }),
        outcomes: wrappedRead('null'),
      },
      readExactly: {
        begin: ({ duplex }, signal) => duplex.readExactly(9, { signal }),
        outcomes: wrappedRead('ERR_UNEXPECTED_END'),
      },
      'for await': {
        begin: ({ duplex }) => duplex[Symbol.asyncIterator]().next(),
        outcomes: WRAPPED_NEXT,
      },
      write: {
        begin: ({ duplex }, signal) => duplex.write(LONG, { signal }),
        outcomes: WRAPPED_WRITTEN,
      },
      end: {
        begin: ({ duplex }, signal) => duplex.end(LONG, { signal }),
        outcomes: WRAPPED_WRITTEN,
      },
      close: { begin: ({ duplex }) => duplex.close(), outcomes: WRAPPED_CLOSED },
    },
  });
});
