// Every operation of edgewise/promises that waits for a connection, and every way in which it can end.
import { describe } from 'vitest';
import { connect } from '../../src/promises/connect.ts';
import type { Connection } from '../../src/promises/connection.ts';
import { type Listener, listen } from '../../src/promises/listener.ts';
import { Reactor } from '../../src/reactor/reactor.ts';
import { toDuplex } from '../../src/stream/duplex.ts';
import { toWebStreams } from '../../src/stream/web.ts';
import { UNTAKEN } from '../helpers/cuts.ts';
import { useDescriptors } from '../helpers/descriptors.ts';
import { type Ending, Mine, Stop, testEndings, type Wait } from '../helpers/endings.ts';
import { inject } from '../helpers/injection.ts';
import { setLinger } from '../helpers/linger.ts';
import { HOST } from './pair.ts';

const IDLE_MS = 20;

interface Subject {
  readonly reactor: Reactor;
  readonly listener: Listener;
  /** Aborts the connection. */
  readonly abort: AbortController;
  readonly mine: Connection;
  readonly peer: Connection;
}

async function drain(peer: Connection): Promise<void> {
  while ((await peer.read()) !== null);
}

function fault(call: 'recv' | 'send', { mine }: Subject) {
  return inject(call, 'EIO', {
    // Pinned memory goes before the descriptor.
    fits: (first, second) => (typeof second === 'number' ? second : first) === mine.fd,
  });
}

const connectionEndings = {
  'the peer ends': ({ peer }) => peer.end(),
  'the peer closes': ({ peer }) => peer.destroy(),
  'the peer resets': ({ peer }) => {
    setLinger(peer.fd);
    peer.destroy();
  },
  'close(0)': ({ mine }) => mine.close({ timeoutMs: 0 }),
  'close, and its limit': ({ mine }) => mine.close({ timeoutMs: IDLE_MS }),
  destroy: ({ mine }) => mine.destroy(),
  'destroy(error)': ({ mine }) => mine.destroy(new Mine()),
  dispose: ({ mine }) => mine[Symbol.dispose](),
  'signal of the operation': (_subject, own) => own.abort(new Stop()),
  'signal of the connection': ({ abort }) => abort.abort(new Stop()),
  'idle timeout': ({ mine }) => mine.raw.setTimeout(IDLE_MS),
  'the reactor is closed': ({ reactor }) => reactor.close(),
  'recv fails': (subject) => {
    fault('recv', subject);
    return subject.peer.write('x');
  },
  'send fails': (subject) => {
    fault('send', subject);
    drain(subject.peer).catch(() => undefined);
  },
  'toDuplex, destroy(error)': ({ mine }) => {
    toDuplex(mine)
      .on('error', () => undefined)
      .destroy(new Mine());
  },
  'toDuplex, the reactor is closed': ({ mine, reactor }) => {
    toDuplex(mine).on('error', () => undefined);
    reactor.close();
  },
  'toWebStreams, cancel': ({ mine }) => toWebStreams(mine).readable.cancel(new Mine()),
} satisfies Record<string, Ending<Subject>>;

type ConnectionEnding = keyof typeof connectionEndings;

type Outcomes = Partial<Record<ConnectionEnding, string>>;

/** Ours, and those of the time: whatever waits fails with the error that it is closed with. */
const CLOSED_BY_US: Outcomes = {
  'close(0)': 'ERR_CLOSED',
  'close, and its limit': 'ERR_CLOSED',
  destroy: 'ERR_CLOSED',
  'destroy(error)': 'MINE',
  dispose: 'ERR_CLOSED',
  'signal of the connection': 'STOP',
  'idle timeout': 'ETIMEDOUT',
  'the reactor is closed': 'ERR_CLOSED',
  'toWebStreams, cancel': 'MINE',
};

const READ: Outcomes = {
  ...CLOSED_BY_US,
  'the peer ends': 'null',
  'the peer closes': 'null',
  'the peer resets': 'ECONNRESET',
  'signal of the operation': 'STOP',
  'recv fails': 'EIO',
};

const WRITTEN: Outcomes = {
  ...CLOSED_BY_US,
  'the peer closes': 'ECONNRESET', // with bytes that it has not read
  'the peer resets': 'ECONNRESET',
  'signal of the operation': 'STOP',
  'send fails': 'EIO',
};

/** What waits while a stream takes the connection over. */
const TAKEN_OVER: Outcomes = {
  'toDuplex, destroy(error)': 'MINE',
  'toDuplex, the reactor is closed': 'ERR_CLOSED',
};

/** With nothing read, the peer's end alone closes nothing. */
const CLOSED: Outcomes = {
  ...resolving({ ...CLOSED_BY_US, ...TAKEN_OVER }),
  'the peer resets': 'undefined',
};

function resolving(outcomes: Outcomes): Outcomes {
  return Object.fromEntries(Object.keys(outcomes).map((name) => [name, 'undefined']));
}

/** As `outcomes`, with the peer's end as the operation reports it. */
function ended(outcomes: Outcomes, outcome: string): Outcomes {
  return { ...outcomes, 'the peer ends': outcome, 'the peer closes': outcome };
}

function without(outcomes: Outcomes, ...names: ConnectionEnding[]): Outcomes {
  const entries = Object.entries(outcomes).filter(([name]) => !names.some((each) => each === name));
  return Object.fromEntries(entries);
}

function startLong({ mine }: Subject): void {
  mine.write(UNTAKEN).catch(() => undefined);
}

const waits: Readonly<Record<string, { begin: Wait<Subject>; outcomes: Outcomes }>> = {
  read: { begin: ({ mine }, signal) => mine.read({ signal }), outcomes: READ },
  readInto: {
    begin: ({ mine }, signal) => mine.readInto(Buffer.alloc(9), { signal }),
    outcomes: ended(READ, '0'),
  },
  readExactly: {
    begin: ({ mine }, signal) => mine.readExactly(9, { signal }),
    outcomes: ended(READ, 'ERR_UNEXPECTED_END'),
  },
  readUntil: { begin: ({ mine }, signal) => mine.readUntil('\n', 99, { signal }), outcomes: READ },
  'for await': {
    begin: ({ mine }) => mine[Symbol.asyncIterator]().next(),
    outcomes: ended(without(READ, 'signal of the operation'), '{"done":true}'),
  },
  'write of a long buffer': {
    begin: ({ mine }, signal) => mine.write(UNTAKEN, { signal }),
    outcomes: WRITTEN,
  },
  'write behind a long buffer': {
    begin: (subject, signal) => {
      startLong(subject);
      return subject.mine.write('x', { signal });
    },
    outcomes: WRITTEN,
  },
  'write that waits for room': {
    begin: ({ mine }, signal) => {
      mine.raw.write(UNTAKEN);
      return mine.write('x', { signal });
    },
    outcomes: { ...WRITTEN, ...TAKEN_OVER },
  },
  end: {
    begin: ({ mine }, signal) => {
      mine.raw.write(UNTAKEN);
      return mine.end(undefined, { signal });
    },
    outcomes: { ...WRITTEN, ...TAKEN_OVER },
  },
  'end behind a long buffer': {
    begin: (subject, signal) => {
      startLong(subject);
      return subject.mine.end(undefined, { signal });
    },
    outcomes: WRITTEN,
  },
  closed: { begin: ({ mine }) => mine.closed, outcomes: CLOSED },
  close: {
    begin: ({ mine }) => mine.close(),
    outcomes: {
      ...without(CLOSED, 'idle timeout'), // the limit of close is in its place
      ...ended({}, 'undefined'),
      'recv fails': 'undefined',
    },
  },
  'close behind a long buffer': {
    begin: (subject) => {
      startLong(subject);
      return subject.mine.close();
    },
    outcomes: {
      ...without(CLOSED, 'toDuplex, destroy(error)', 'toDuplex, the reactor is closed'),
      'the peer closes': 'undefined',
      'recv fails': 'undefined',
      'send fails': 'undefined',
    },
  },
};

describe.each(['level', 'edge'] as const)('%s: a connection', (trigger) => {
  const descriptors = useDescriptors();
  testEndings<Subject, ConnectionEnding>({
    endings: connectionEndings,
    waits,
    async open() {
      const reactor = descriptors.using(new Reactor());
      reactor.attach();
      const listener = listen({ host: HOST, reactor, trigger });
      const abort = new AbortController();
      const { port } = listener;
      const connecting = connect({ host: HOST, port, reactor, trigger, signal: abort.signal });
      return { reactor, listener, abort, peer: await listener.accept(), mine: await connecting };
    },
  });
});
