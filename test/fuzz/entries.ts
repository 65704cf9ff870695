// The functions and classes of the upper entry points (promises, stream, net, dgram, proactor, multi), found
// by reflection, and what each takes. The objects are made anew with each world, over its reactor.
import { PassThrough } from 'node:stream';
import * as multi from '../../src/multi/index.ts';
import { Offload } from '../../src/multi/offload.ts';
import { Connection as HandlerConnection } from '../../src/net/connection/connection.ts';
import { groupOf } from '../../src/net/connection/options.ts';
import * as dgram from '../../src/node-dgram/index.ts';
import { SocketMembers } from '../../src/node-dgram/members.ts';
import * as net from '../../src/node-net/index.ts';
import { AwaitableDescriptor } from '../../src/proactor/awaitable.ts';
import { Descriptor } from '../../src/proactor/descriptor.ts';
import * as proactor from '../../src/proactor/index.ts';
import { Connection } from '../../src/promises/connection.ts';
import { DatagramSocket } from '../../src/promises/datagram.ts';
import * as promises from '../../src/promises/index.ts';
import { Listener } from '../../src/promises/listener.ts';
import { AwaitedDuplex } from '../../src/stream/from-duplex.ts';
import * as stream from '../../src/stream/index.ts';
import { SocketDuplex } from '../../src/stream/socket.ts';
import * as sys from '../../src/sys/index.ts';
import type { Random } from '../helpers/random.ts';
import {
  type AnyClass,
  type AnyFunction,
  inheritedMembersOf,
  isClass,
  type Member,
  membersOf,
} from './members.ts';
import { ROLES } from './signatures.ts';
import { hostile, Sentinel } from './values.ts';
import type { World } from './world.ts';

const { AF_UNIX, SOCK_NONBLOCK, SOCK_STREAM } = sys.constants;
const ENTRIES = { promises, stream, net, dgram, proactor, multi };
/** Classes: callers get their objects, and not their constructors. */
const HANDED_OUT = {
  'promises.Connection': Connection,
  'promises.Listener': Listener,
  'promises.DatagramSocket': DatagramSocket,
  'stream.SocketDuplex': SocketDuplex,
  'stream.AwaitedDuplex': AwaitedDuplex,
  'net.Server': net.Server,
  'net.Socket': net.Socket,
  'dgram.SocketMembers': SocketMembers,
  'proactor.Descriptor': Descriptor,
  'proactor.AwaitableDescriptor': AwaitableDescriptor,
  'multi.Offload': Offload,
};

/** Not called, and why. */
export const UNCALLED: Readonly<Record<string, string>> = {
  'net.BlockList': "node:net's own",
  'net.SocketAddress': "node:net's own",
  'net.isIP': "node:net's own",
  'net.isIPv4': "node:net's own",
  'net.isIPv6': "node:net's own",
  'net.Stream': 'the same as net.Socket',
  'net.setDefaultAutoSelectFamily': 'it would change what each later connect does',
  'net.setDefaultAutoSelectFamilyAttemptTimeout': 'as the one before',
  'dgram.module.exports': 'what require gives',
  'multi.ReactorPool.start': 'starts threads; its faults are those of test/multi/lifecycle.test.ts',
};
/** Members that are marked `@internal`, or are what Node calls of a stream. */
const INTERNAL = new Set([
  'Symbol(giveAway)',
  'Symbol(nodejs.rejection)',
  '_emitCloseIfDrained',
  'read',
  'Symbol(whenFailed)',
  'Symbol(takeReadAhead)',
  'waitReadable',
  'takeCredit',
  'receive',
  'take',
  'lanes',
  'owner',
  '_read',
  '_write',
  '_writev',
  '_final',
  '_destroy',
]);

type Make = (world: World, random: Random) => unknown;

// The world's reactor, and some of the rest: wrong values one time in three.
function optionsWith(more: Readonly<Record<string, Make>>): Make {
  return (world, random) => {
    const reactor = random.below(8) === 0 ? (hostile(random) ?? 0) : world.reactor;
    const options: Record<string, unknown> = { reactor };
    for (const [name, make] of Object.entries(more)) {
      if (random.below(2) === 0) continue;
      options[name] = random.below(3) === 0 ? hostile(random) : make(world, random);
    }
    return options;
  };
}

const signalOf: Make = (_, random) =>
  random.pick([
    AbortSignal.abort(new Sentinel('aborted')),
    undefined,
    new AbortController().signal,
  ]);
const pathOf: Make = ({ directory }, random) => `${directory}/e${random.below(4)}`;
const smallOf: Make = (_, random) => random.pick([0, 1, 5, 64]);
const handlerOf: Make = () => () => undefined;

const OWN_ROLES = {
  wait: optionsWith({ signal: signalOf }),
  range: optionsWith({ signal: signalOf, offset: smallOf, length: smallOf, flags: smallOf }),
  operation: optionsWith({ offset: smallOf, length: smallOf, flags: smallOf, from: ROLES.slot }),
  text: (_: World, random: Random) =>
    random.pick(['', '\n', 'text', new Uint8Array(3), ['a', 'b']]),
  // A path without a listener, or no name of a host.
  connecting: optionsWith({ path: pathOf, signal: signalOf, highWaterMark: smallOf }),
  listening: optionsWith({ path: pathOf, backlog: smallOf, trigger: () => 'edge' }),
  datagrams: optionsWith({ path: pathOf, queueBytesMax: smallOf }),
  promise: (_: World, random: Random) => random.pick([Promise.resolve(1), 1, new Promise(() => 0)]),
  anyConnection: (world: World, random: Random) =>
    random.pick([
      world.objects.Connection,
      world.objects.Other,
      new HandlerConnection(
        groupOf(
          {
            handlers: {},
            reactor: world.reactor,
          },
          true,
        ),
      ),
    ]),
  duplexOptions: optionsWith({ highWaterMark: smallOf, allowHalfOpen: () => false }),
  duplex: (world: World, random: Random) => {
    const made = random.pick([new PassThrough(), new PassThrough({ objectMode: true })]);
    world.closeLater(() => made.destroy());
    return made;
  },
  netConnecting: (world: World, random: Random) =>
    random.pick([
      () => optionsWith({ path: pathOf, keepAlive: () => true, timeout: smallOf })(world, random),
      () => pathOf(world, random),
    ])(),
  dgramOptions: (world: World, random: Random) =>
    random.pick([
      'udp4',
      'udp6',
      optionsWith({
        type: () => 'udp4',
        recvBufferSize: smallOf,
        lookup: handlerOf,
        signal: signalOf,
      })(world, random),
    ]),
  binding: (_: World, random: Random) =>
    random.pick([0, { port: 0 }, { address: '127.0.0.1' }, { port: hostile(random) }]),
  bindingNow: (_: World, random: Random) => random.pick([{}, { address: hostile(random) }]),
  host: (_: World, random: Random) => random.pick(['127.0.0.1', '::1', undefined]),
  error: (_: World, random: Random) => random.pick([undefined, new Sentinel('given')]),
  bool: (_: World, random: Random) => random.pick([true, false, undefined]),
  complete: handlerOf,
  address: (world: World, random: Random) =>
    random.pick([{ path: pathOf(world, random) }, { address: '127.0.0.1', port: 1 }]),
  proactor: ({ objects }: World) => (objects as Entries)['proactor.Proactor'],
  descriptor: ({ objects }: World) => (objects as Entries)['proactor.Descriptor'],
  proactorOptions: optionsWith({ trigger: () => 'edge', asyncContext: () => true }),
  mailbox: optionsWith({ onMessage: handlerOf, producerCountMax: smallOf, laneBytes: smallOf }),
  mailboxAddress: ({ objects }: World, random: Random) => {
    const { address } = (objects as Entries)['multi.Mailbox'] as multi.Mailbox;
    return random.pick([
      address,
      { ...address, memory: hostile(random) },
      { ...address, wakerId: hostile(random) },
      { ...address, memory: new SharedArrayBuffer(random.pick([8, 256, 4096])) },
    ]);
  },
  senderOptions: optionsWith({ onRoom: handlerOf }),
  pool: optionsWith({ size: () => 1, module: () => '/none.mjs', connection: () => ({}) }),
  closing: (_: World, random: Random) => ({ timeoutMs: random.pick([0, 1, hostile(random)]) }),
  // `threads` is never right: nothing is started.
  offload: (world: World, random: Random) => ({
    ...(optionsWith({ module: () => '/none.mjs', queueLengthMax: smallOf })(
      world,
      random,
    ) as object),
    threads: random.pick([0, -1, '1', null, 1.5]),
  }),
  message: (_: World, random: Random) =>
    random.pick([1, 'text', { a: [1, { b: 'c' }] }, new Uint8Array(9), [null], new Map()]),
} satisfies Record<string, Make>;

const ALL_ROLES = { ...ROLES, ...OWN_ROLES };
export type EntryRole = keyof typeof ALL_ROLES;
export const roleOf = (role: EntryRole): Make => ALL_ROLES[role] as Make;

const READER = {
  read: 'wait',
  readInto: 'bytes wait',
  readExactly: 'int wait',
  readUntil: 'text int wait',
  write: 'text wait',
  end: 'text wait',
  close: 'int',
  destroy: 'error',
};
const DESCRIPTOR = {
  accept: 'operation complete',
  connect: 'address operation complete',
  read: 'bytes operation complete',
  readExactly: 'bytes operation complete',
  write: 'bytes operation complete',
  writeAll: 'bytes operation complete',
  recvmsg: 'buffers received operation complete',
  sendmsg: 'message operation complete',
  sendFile: 'file operation complete',
  cancel: 'int',
  cancelAll: '',
  close: '',
};
const AWAITABLE = {
  accept: 'wait',
  connect: 'address wait',
  read: 'bytes range',
  readExactly: 'bytes range',
  write: 'bytes range',
  writeAll: 'bytes range',
  recvmsg: 'buffers received range',
  sendmsg: 'message range',
  sendFile: 'file range',
};
const REFS = { ref: '', unref: '', hasRef: '' };
const SOCKET = {
  address: '',
  setNoDelay: 'bool',
  setKeepAlive: 'bool int',
  setTimeout: 'int callback',
  ...REFS,
  destroySoon: '',
  resetAndDestroy: '',
};
const DGRAM_SOCKET = {
  bind: 'binding host complete',
  bindSync: 'bindingNow',
  connect: 'int host complete',
  connectSync: 'int host',
  disconnect: '',
  send: 'bytes int host complete',
  sendto: 'bytes int int int host complete',
  close: 'complete',
  address: '',
  remoteAddress: '',
  setBroadcast: 'bool',
  setTTL: 'int',
  setMulticastTTL: 'int',
  setMulticastLoopback: 'bool',
  setMulticastInterface: 'host',
  addMembership: 'group host',
  dropMembership: 'group host',
  addSourceSpecificMembership: 'host group host',
  dropSourceSpecificMembership: 'host group host',
  setRecvBufferSize: 'int',
  setSendBufferSize: 'int',
  getRecvBufferSize: '',
  getSendBufferSize: '',
  getSendQueueSize: '',
  getSendQueueCount: '',
  ref: '',
  unref: '',
};

function named(prefix: string, methods: Readonly<Record<string, string>>): Record<string, string> {
  const entries = Object.entries(methods);
  return Object.fromEntries(entries.map(([name, roles]) => [`${prefix}.${name}`, roles]));
}

/** By entry point, and then as in signatures.ts. */
export const ENTRY_SIGNATURES: Readonly<Record<string, string>> = {
  ...named('promises', { bind: 'datagrams', connect: 'connecting', listen: 'listening' }),
  ...named('promises', { readable: 'fd wait', writable: 'fd wait', signal: 'signal wait' }),
  ...named('promises', { sleep: 'int wait', interval: 'int wait', timeout: 'promise int wait' }),
  ...named('promises.Connection', { ...READER, ...REFS, setOptions: 'tcpOptions' }),
  ...named('promises.Listener', { accept: 'wait', close: '', destroy: 'error', ...REFS }),
  ...named('promises.DatagramSocket', { connect: 'address', receive: 'wait', close: '' }),
  ...named('promises.DatagramSocket', { send: 'text address wait', destroy: 'error', ...REFS }),
  ...named('stream', { toDuplex: 'anyConnection duplexOptions', fromDuplex: 'duplex' }),
  ...named('stream', { toWebStreams: 'anyConnection', serveHttp: 'any streamOptions' }),
  ...named('stream.SocketDuplex', { ...SOCKET, pause: '', resume: '' }),
  ...named('stream.AwaitedDuplex', READER),
  ...named('net', { connect: 'netConnecting', createConnection: 'netConnecting' }),
  ...named('net', { createServer: 'wait complete', Server: 'wait complete', Socket: 'wait' }),
  ...named('net', { getDefaultAutoSelectFamily: '' }),
  ...named('net', { getDefaultAutoSelectFamilyAttemptTimeout: '' }),
  ...named('net.Server', { listen: 'netConnecting complete', close: 'complete', address: '' }),
  ...named('net.Server', { getConnections: 'complete', ...REFS }),
  ...named('net.Socket', { ...SOCKET, connect: 'netConnecting complete', pause: '', resume: '' }),
  ...named('net.Socket', { setTypeOfService: 'int', getTypeOfService: '' }),
  ...named('dgram', { createSocket: 'dgramOptions complete', Socket: 'dgramOptions complete' }),
  ...named('dgram.SocketMembers', DGRAM_SOCKET),
  ...named('proactor', { Proactor: 'proactorOptions', awaitable: 'descriptor' }),
  ...named('proactor', { delay: 'proactor int wait' }),
  ...named('proactor.Proactor', { open: 'fd', delay: 'int operation complete', cancel: 'int' }),
  ...named('proactor.Proactor', { ref: '', unref: '', hasRef: '', close: '' }),
  ...named('proactor.Descriptor', DESCRIPTOR),
  ...named('proactor.AwaitableDescriptor', AWAITABLE),
  ...named('multi', { Mailbox: 'mailbox', MailboxSender: 'mailboxAddress senderOptions' }),
  ...named('multi', { ReactorPool: 'pool', createOffload: 'offload' }),
  ...named('multi.Mailbox', { ref: '', unref: '', hasRef: '', releaseThread: 'int' }),
  ...named('multi.Mailbox', { close: '', destroy: '' }),
  ...named('multi.MailboxSender', { post: 'message', waitForRoom: 'timeout' }),
  ...named('multi.MailboxSender', { close: '', destroy: '' }),
  ...named('multi.ReactorPool', { report: '', kill: 'int', close: 'closing', destroy: '' }),
  ...named('multi.ReactorPool', { ref: '', unref: '', hasRef: '' }),
  ...named('multi.Offload', { run: 'any wait complete', close: 'closing', destroy: '' }),
  ...named('multi.Offload', { ref: '', unref: '', hasRef: '' }),
};

export interface EntryTarget {
  readonly name: string;
  /** Undefined: it is not written down what it takes. */
  readonly roles: readonly EntryRole[] | undefined;
  call(world: World, args: unknown[]): unknown;
}

type Entries = Record<string, object>;

function rolesOf(name: string): readonly EntryRole[] | undefined {
  return ENTRY_SIGNATURES[name]?.split(' ').filter((word) => word !== '') as EntryRole[];
}

function targetOfMember(className: string, { key, isGetter }: Member): EntryTarget {
  const name = `${className}.${String(key)}`;
  const takesNothing = isGetter || typeof key === 'symbol';
  const call = (world: World, args: unknown[]): unknown => {
    const object = world.objects[className] as Record<string | symbol, AnyFunction>;
    return isGetter ? object[key] : object[key]?.(...args);
  };
  return { name, roles: takesNothing ? [] : rolesOf(name), call };
}

function methodsOf(className: string, type: AnyClass): EntryTarget[] {
  const keys = new Map(inheritedMembersOf(type).map((member) => [member.key, member]));
  const isPublic = ({ key }: Member) =>
    `${className}.${String(key)}` in ENTRY_SIGNATURES || !INTERNAL.has(String(key));
  return [...keys.values()].filter(isPublic).map((member) => targetOfMember(className, member));
}

function targetsOfExport(name: string, value: unknown): EntryTarget[] {
  if (typeof value !== 'function' || name.endsWith('.default')) return [];
  const make = (_: World, args: unknown[]): unknown =>
    isClass(value) ? new value(...args) : (value as AnyFunction)(...args);
  const own: EntryTarget = { name, roles: rolesOf(name), call: make };
  if (!isClass(value) || name in UNCALLED) return [own];
  if (membersOf(value).length > 0)
    throw new Error(`${name} has statics, which are not called here`);
  return [own, ...methodsOf(name, value)];
}

/** Every public function, constructor, method and getter of the upper entry points. */
export function entryTargets(): EntryTarget[] {
  const exported = Object.entries(ENTRIES).flatMap(([entry, names]) =>
    Object.entries(names).flatMap(([name, value]) => targetsOfExport(`${entry}.${name}`, value)),
  );
  const given = Object.entries(HANDED_OUT).flatMap(([name, type]) =>
    methodsOf(name, type as unknown as AnyClass),
  );
  return [...exported, ...given].filter(({ name }) => !(name in UNCALLED));
}

function connectionOf(world: World): HandlerConnection<never> {
  const { reactor } = world;
  const connection = new HandlerConnection<never>(groupOf({ handlers: {}, reactor }, true));
  const pair = new Int32Array(2);
  if (sys.socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) < 0) throw new Error('no pair');
  connection.establish(pair[0] as number);
  world.adopt(pair[1] as number);
  return connection;
}

/** Adds one object of each class to the world. */
export function furnish(world: World, random: Random): void {
  const { reactor } = world;
  const operations = new proactor.Proactor({ reactor });
  const descriptor = operations.open(world.fd(random));
  const mailbox = new multi.Mailbox({ reactor, onMessage: () => undefined, laneBytes: 1024 });
  const thread = { once: () => undefined, terminate: async () => undefined };
  const pool = {
    threads: [thread],
    options: { minThreads: 1 },
    run: async (input: unknown) => input,
    on: () => undefined,
  };
  const offload = {
    makePool: () => pool,
    threads: 1,
    module: 'file:///none.mjs',
    queueLengthMax: 3,
  };
  const made: Entries = {
    'promises.Connection': new Connection(connectionOf(world) as HandlerConnection<never>),
    'promises.Listener': promises.listen({ reactor, path: `${world.directory}/awaited` }),
    'promises.DatagramSocket': promises.bind({ reactor, host: '127.0.0.1' }),
    'stream.SocketDuplex': stream.toDuplex(connectionOf(world)),
    'stream.AwaitedDuplex': stream.fromDuplex(new PassThrough()),
    'net.Server': net.createServer({ reactor }),
    'net.Socket': new net.Socket(),
    'dgram.SocketMembers': dgram.createSocket({ type: 'udp4', reactor }),
    'proactor.Proactor': operations,
    'proactor.Descriptor': descriptor,
    'proactor.AwaitableDescriptor': proactor.awaitable(descriptor),
    'multi.Mailbox': mailbox,
    'multi.MailboxSender': new multi.MailboxSender(mailbox.address),
    'multi.ReactorPool': new multi.ReactorPool({ reactor, size: 1, module: '/none.mjs' }),
    'multi.Offload': new Offload({ ...offload, reactor }),
  };
  Object.assign(world.objects, made);
}
