// Every operation of a proactor that waits, and every way in which it can end: its handler is called once,
// and its promise settles.
import { describe } from 'vitest';
import {
  type AwaitableDescriptor,
  awaitable,
  type Descriptor,
  Proactor,
} from '../../src/proactor/index.ts';
import { Reactor } from '../../src/reactor/reactor.ts';
import * as sys from '../../src/sys/index.ts';
import { must, useDescriptors } from '../helpers/descriptors.ts';
import { Stop, testEndings, type Wait } from '../helpers/endings.ts';
import { inject } from '../helpers/injection.ts';
import { setLinger } from '../helpers/linger.ts';
import { fill } from './driven.ts';

const { AF_INET, F_SETFL, O_NONBLOCK, SOCK_STREAM } = sys.constants;
const LATE_MS = 60_000;
const descriptors = useDescriptors();

interface Subject {
  readonly reactor: Reactor;
  readonly proactor: Proactor;
  readonly descriptor: Descriptor;
  readonly awaited: AwaitableDescriptor;
  readonly peer: number;
}

const endings = {
  'the peer closes': ({ peer }) => descriptors.close(peer),
  'the peer resets': ({ peer }) => {
    setLinger(peer);
    descriptors.close(peer);
  },
  cancelAll: ({ descriptor }) => descriptor.cancelAll(),
  'the descriptor is closed': ({ descriptor }) => descriptor.close(),
  'the descriptor is disposed of': ({ descriptor }) => descriptor[Symbol.dispose](),
  'the proactor is closed': ({ proactor }) => proactor.close(),
  'the proactor is disposed of': ({ proactor }) => proactor[Symbol.dispose](),
  'the reactor is closed': ({ reactor }) => reactor.close(),
  'signal of the operation': (_subject, own) => own.abort(new Stop()),
  'recv fails': ({ peer }) => {
    inject('recv', 'EIO');
    must(sys.write(peer, Buffer.from('x')));
  },
} satisfies Record<string, (subject: Subject, own: AbortController) => unknown>;

type Name = keyof typeof endings;

const CANCELLED = {
  cancelAll: 'ECANCELED',
  'the descriptor is closed': 'ECANCELED',
  'the descriptor is disposed of': 'ECANCELED',
  'the proactor is closed': 'ECANCELED',
  'the proactor is disposed of': 'ECANCELED',
  'the reactor is closed': 'ECANCELED',
};
const READ = {
  ...CANCELLED,
  'the peer closes': '0',
  'the peer resets': 'ECONNRESET',
  'recv fails': 'EIO',
};
const WRITTEN = { ...CANCELLED, 'the peer closes': 'ECONNRESET', 'the peer resets': 'ECONNRESET' };
const ABORTED = { 'signal of the operation': 'STOP' };

// The first of two gets the error of the kernel's.
const BEHIND = { ...READ, 'the peer resets': '0', 'recv fails': '1' };
const EXACTLY = { ...READ, 'the peer closes': 'ERR_UNEXPECTED_END' };
const DELAYED = {
  'the proactor is closed': 'ECANCELED',
  'the proactor is disposed of': 'ECANCELED',
  'the reactor is closed': 'ECANCELED',
};

const ignored = () => undefined;
const room = () => new Uint8Array(9);

function full({ descriptor }: Subject): Uint8Array {
  fill((bytes) => sys.write(descriptor.fd, bytes));
  return new Uint8Array(9);
}

const waits: Record<string, { begin: Wait<Subject>; outcomes: Partial<Record<Name, string>> }> = {
  read: {
    begin: ({ descriptor }, _own, settle) => void descriptor.read(room(), settle),
    outcomes: READ,
  },
  'read, awaited': {
    begin: ({ awaited }, signal) => awaited.read(room(), { signal }),
    outcomes: { ...READ, ...ABORTED },
  },
  'a read behind another': {
    begin: ({ descriptor }, _own, settle) => {
      descriptor.read(room(), ignored);
      descriptor.read(room(), settle);
    },
    outcomes: BEHIND,
  },
  'a read behind another, awaited': {
    begin: ({ awaited }, signal) => {
      awaited.read(room()).catch(ignored);
      return awaited.read(room(), { signal });
    },
    outcomes: { ...BEHIND, ...ABORTED },
  },
  readExactly: {
    begin: ({ descriptor }, _own, settle) => void descriptor.readExactly(room(), settle),
    outcomes: EXACTLY,
  },
  'readExactly, awaited': {
    begin: ({ awaited }, signal) => awaited.readExactly(room(), { signal }),
    outcomes: { ...EXACTLY, ...ABORTED },
  },
  recvmsg: {
    begin: ({ descriptor }, _own, settle) =>
      void descriptor.recvmsg([room()], new sys.ReceivedMessage(), settle),
    outcomes: READ,
  },
  'recvmsg, awaited': {
    begin: ({ awaited }, signal) =>
      awaited.recvmsg([room()], new sys.ReceivedMessage(), { signal }),
    outcomes: { ...READ, ...ABORTED },
  },
  write: {
    begin: (subject, _own, settle) => void subject.descriptor.write(full(subject), settle),
    outcomes: WRITTEN,
  },
  'write, awaited': {
    begin: (subject, signal) => subject.awaited.write(full(subject), { signal }),
    outcomes: { ...WRITTEN, ...ABORTED },
  },
  writeAll: {
    begin: (subject, _own, settle) => void subject.descriptor.writeAll(full(subject), settle),
    outcomes: WRITTEN,
  },
  'writeAll, awaited': {
    begin: (subject, signal) => subject.awaited.writeAll(full(subject), { signal }),
    outcomes: { ...WRITTEN, ...ABORTED },
  },
  sendmsg: {
    begin: (subject, _own, settle) =>
      void subject.descriptor.sendmsg({ buffers: [full(subject)] }, settle),
    outcomes: WRITTEN,
  },
  'sendmsg, awaited': {
    begin: (subject, signal) => subject.awaited.sendmsg({ buffers: [full(subject)] }, { signal }),
    outcomes: { ...WRITTEN, ...ABORTED },
  },
  delay: {
    begin: ({ proactor }, _own, settle) => void proactor.delay(LATE_MS, settle),
    outcomes: DELAYED,
  },
};

describe.each(['level', 'edge'] as const)('%s', (trigger) => {
  testEndings<Subject, Name>({
    endings,
    waits,
    open: () => {
      const reactor = descriptors.using(new Reactor());
      reactor.attach();
      const proactor = new Proactor({ reactor, trigger });
      const [fd, peer] = descriptors.tcpPair();
      const descriptor = proactor.open(fd);
      return { reactor, proactor, descriptor, awaited: awaitable(descriptor), peer };
    },
  });
});

describe('a listening socket', () => {
  const ended = { ...CANCELLED, 'accept fails': 'EMFILE' };
  testEndings<Subject & { readonly address: sys.InetAddress }, Name | 'accept fails'>({
    endings: {
      ...endings,
      'accept fails': ({ peer, address }) => {
        inject('accept', 'EMFILE');
        sys.connect(peer, address);
      },
    },
    waits: {
      accept: {
        begin: ({ descriptor }, _own, settle) => void descriptor.accept(settle),
        outcomes: ended,
      },
      'accept, awaited': {
        begin: ({ awaited }, signal) => awaited.accept({ signal }),
        outcomes: { ...ended, ...ABORTED },
      },
    },
    open: () => {
      const reactor = descriptors.using(new Reactor());
      reactor.attach();
      const proactor = new Proactor({ reactor });
      const { fd, address } = descriptors.listener();
      must(sys.fcntl(fd, F_SETFL, O_NONBLOCK));
      const descriptor = proactor.open(fd);
      const peer = descriptors.track(sys.socket(AF_INET, SOCK_STREAM));
      return { reactor, proactor, descriptor, awaited: awaitable(descriptor), peer, address };
    },
  });
});
