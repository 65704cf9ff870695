// What each public function takes, in roles. The fuzz finds the functions by reflection and fails
// when one of them is not listed here, so a new function cannot stay untested.
import { Poller } from '../../src/index.ts';
import * as sys from '../../src/sys/index.ts';
import type { Random } from '../helpers/random.ts';
import { hostile, Sentinel, throwSentinel, withGetters } from './values.ts';
import type { World } from './world.ts';

export type Role = keyof typeof ROLES;

const { constants } = sys;
const SMALL = [0, 1, 2, 3, 4, 5, 7, 8, 16, 64, 1024];
const OPTIONS = [
  'SO_ERROR',
  'SO_SNDBUF',
  'SO_RCVBUF',
  'SO_REUSEADDR',
  'SO_KEEPALIVE',
  'SO_TYPE',
] as const;
// F_SETFL is not among them: it would make descriptors block.
const COMMANDS = [
  'F_GETFL',
  'F_GETFD',
  'F_SETFD',
  'F_DUPFD',
  'F_DUPFD_CLOEXEC',
  'F_GETPIPE_SZ',
] as const;

function addressOf(world: World, random: Random): unknown {
  const text = ['127.0.0.1', '::1', '::', '300.1.1.1', 'fe80::1%nothing', 'localhost', ''];
  const paths = [`${world.directory}/s${random.below(4)}`, '', 'a\0b', '/'.repeat(300)];
  const names = ['edgewise-fuzz', '', new Uint8Array(5), new Uint8Array(500)];
  return random.pick([
    () => ({ address: random.pick(text), port: random.pick([0, 1, 65_535, 65_536, -1, '80']) }),
    () => ({ path: random.pick(paths) }),
    () => ({ abstract: random.pick(names) }),
    () => ({ unspecified: true }),
    () => ({ address: hostile(random), port: hostile(random) }),
    () => world.objects.SocketAddress,
    () => withGetters(random, () => 1),
  ])();
}

function buffersOf(random: Random): unknown {
  return Array.from({ length: random.below(4) }, () =>
    random.below(4) === 0 ? hostile(random) : new Uint8Array(random.pick(SMALL)),
  );
}

function messageOf(world: World, random: Random): unknown {
  const message: Record<string, unknown> = { buffers: buffersOf(random) };
  if (random.below(2) === 0) message.to = addressOf(world, random);
  if (random.below(2) === 0) message.descriptors = [world.fd(random), world.fd(random)];
  return message;
}

function lintOf(random: Random): unknown {
  const codes = ['EDGEWISE_UNDRAINED', 'EDGEWISE_UNDRAIND', '', hostile(random)];
  return random.pick([
    () => true,
    () => ({ only: [random.pick(codes)], on: () => undefined }),
    () => ({ ignore: random.pick([codes, hostile(random)]), throw: hostile(random) }),
    () => ({ slowHandlerMs: random.pick(SMALL), on: hostile(random) }),
  ])();
}

function optionsOf(random: Random): unknown {
  return random.pick([
    () => ({ backend: random.pick(Poller.backends), capacity: random.pick(SMALL) }),
    () => ({ budget: { bytes: random.pick(SMALL), operations: hostile(random) } }),
    () => ({
      trigger: random.pick(['level', 'edge', 'oneshot']),
      exclusive: random.below(2) === 0,
      unsettled: random.pick([undefined, 'requeue', 'warn', 'throw', hostile(random)]),
    }),
    () => ({ driver: random.pick(['inverted', 'nested', 'thread', 'other']), asyncContext: true }),
    () => ({ lint: lintOf(random) }),
    () => undefined,
  ])();
}

// Always with the world's reactor, which is closed with it.
function streamOptionsOf(world: World, random: Random): unknown {
  const { reactor } = world;
  const handlers = { data: () => undefined };
  const resolve = random.pick([() => undefined, throwSentinel]);
  return random.pick([
    () => ({ reactor, handlers, path: `${world.directory}/s${random.below(4)}` }),
    () => ({
      reactor,
      handlers,
      host: '127.0.0.1',
      port: random.pick([0, 1, -1, hostile(random)]),
    }),
    () => ({ reactor, handlers, host: 'name.invalid', port: 1, resolve }),
    () => ({ reactor, handlers, port: 1, resolve, tcp: tcpOptionsOf(random) }),
    () => ({
      reactor,
      handlers,
      port: 1,
      resolve,
      signal: AbortSignal.abort(new Sentinel('aborted')),
    }),
    () => ({ reactor, handlers: { open: hostile(random) }, trigger: random.pick(['edge', 'no']) }),
    () => ({ reactor, handlers, onExhaustion: hostile(random), backlog: hostile(random) }),
    () => ({ reactor, handlers, port: 1, resolve, highWaterMark: hostile(random) }),
  ])();
}

// Always with the world's reactor, as above.
function datagramOptionsOf(world: World, random: Random): unknown {
  const { reactor } = world;
  const options: Record<string, unknown> = { reactor, handlers: {}, host: '127.0.0.1' };
  const any = () => hostile(random);
  const more: Record<string, () => unknown> = {
    handlers: () => ({ [random.pick(['message', 'messages', 'error'])]: any() }),
    host: () => random.pick(['::1', '', any()]),
    port: () => random.pick([0, 65_536, any()]),
    path: () => `${world.directory}/d${random.below(4)}`,
    batch: () => random.pick([{ countMax: any() }, { bytesMax: random.pick(SMALL) }, any()]),
    queueBytesMax: any,
    gro: () => random.pick([true, any()]),
    errorQueue: () => random.pick([true, any()]),
    receiveBufferSize: () => random.pick([...SMALL, any()]),
    trigger: () => random.pick(['level', 'edge', any()]),
    signal: () => AbortSignal.abort(new Sentinel('aborted')),
  };
  for (const name of Object.keys(more)) {
    if (random.below(4) === 0) options[name] = more[name]?.();
  }
  return options;
}

// Always with the world's reactor, as above; also for takeOver, which takes the path of these.
function handOverOptionsOf(world: World, random: Random): unknown {
  const { Listener, DatagramSocket } = world.objects;
  const options: Record<string, unknown> = {
    reactor: world.reactor,
    path: `${world.directory}/h${random.below(4)}`,
    sockets: { listener: Listener, datagrams: DatagramSocket },
    handlers: { handedOver: () => undefined },
  };
  const more: Record<string, () => unknown> = {
    path: () => random.pick([`${world.directory}/none/h`, '', 'a\0b', hostile(random)]),
    sockets: () => random.pick([{ any: hostile(random) }, {}, hostile(random)]),
    handlers: () => random.pick([{ handedOver: hostile(random) }, hostile(random)]),
    confirmTimeoutMs: () => hostile(random),
    timeoutMs: () => hostile(random),
  };
  for (const name of Object.keys(more)) {
    if (random.below(4) === 0) options[name] = more[name]?.();
  }
  return options;
}

// Always with the world's reactor. Not `borrow`: no one would close the descriptor then.
function endpointOptionsOf(world: World, random: Random): unknown {
  const options: Record<string, unknown> = { reactor: world.reactor, handlers: {} };
  const any = () => hostile(random);
  const more: Record<string, () => unknown> = {
    handlers: () => ({ [random.pick(['data', 'end', 'drain', 'close'])]: any() }),
    trigger: () => random.pick(['level', 'edge', any()]),
    highWaterMark: any,
    queueBytesMax: () => random.pick([0, 5, any()]),
  };
  for (const name of Object.keys(more)) {
    if (random.below(4) === 0) options[name] = more[name]?.();
  }
  return options;
}

function tcpOptionsOf(random: Random): unknown {
  const name = random.pick(['noDelay', 'keepAlive', 'lingerSeconds', 'cork', 'sendBufferSize']);
  return { [name]: random.pick([true, false, 1, { idleSeconds: 5 }, hostile(random)]) };
}

/** What a function might be given, by what the argument is. A wrong value is as likely. */
export const ROLES = {
  fd: (world: World, random: Random): unknown => world.fd(random),
  closable: (world: World, random: Random): unknown => world.disposableFd(random),
  int: (_: World, random: Random): unknown => random.pick(SMALL),
  bytes: (_: World, random: Random): unknown => new Uint8Array(random.pick(SMALL)),
  fds: (world: World, random: Random): unknown =>
    Array.from({ length: random.below(4) }, () => random.pick([world.fd(random), hostile(random)])),
  int32s: (_: World, random: Random): unknown => new Int32Array(random.pick([2, 3])),
  buffers: (_: World, random: Random): unknown => buffersOf(random),
  address: addressOf,
  slot: (world: World): unknown => world.objects.SocketAddress,
  message: messageOf,
  received: (world: World): unknown => world.objects.ReceivedMessage,
  batch: (world: World): unknown => world.objects.MessageBatch,
  socketBatch: (world: World): unknown => world.objects.SocketBatch,
  extendedError: (world: World): unknown => world.objects.ExtendedError,
  epollEvents: (world: World): unknown => world.objects.EpollEvents,
  pollDescriptors: (world: World): unknown => world.objects.PollDescriptors,
  fdSet: (world: World, random: Random): unknown => random.pick([world.objects.FdSet, null]),
  signals: (_: World, random: Random): unknown =>
    random.pick([null, [], [1, 15], [0], [hostile(random)], hostile(random)]),
  kevents: (world: World): unknown => world.objects.KeventList,
  tcpInfo: (world: World): unknown => world.objects.TcpInfo,
  credentials: (world: World): unknown => world.objects.PeerCredentials,
  option: (_: World, random: Random): unknown => constants[random.pick(OPTIONS)],
  command: (_: World, random: Random): unknown => constants[random.pick(COMMANDS)],
  offset: (_: World, random: Random): unknown => random.pick([null, 0, 5, 2 ** 40]),
  trigger: (_: World, random: Random): unknown =>
    random.pick(['level', 'edge', 'oneshot', 'edge-oneshot']),
  backend: (_: World, random: Random): unknown =>
    random.pick(['epoll', 'kqueue', 'poll', 'select']),
  options: (_: World, random: Random): unknown => optionsOf(random),
  closeOptions: (_: World, random: Random): unknown =>
    random.pick([undefined, {}, { timeoutMs: random.pick(SMALL) }, { timeoutMs: hostile(random) }]),
  streamOptions: streamOptionsOf,
  datagramOptions: datagramOptionsOf,
  connection: (world: World, random: Random): unknown =>
    world.objects[random.pick(['Connection', 'Other', 'Relayed'])],
  relayOptions: (_: World, random: Random): unknown =>
    random.pick([
      () => undefined,
      () => ({ copy: random.pick([true, false, hostile(random)]) }),
      () => ({ handlers: { close: random.pick([throwSentinel, hostile(random)]) } }),
    ])(),
  handOverOptions: handOverOptionsOf,
  activationOptions: (_: World, random: Random): unknown => ({ ignorePid: hostile(random) }),
  sendOptions: (_: World, random: Random): unknown =>
    random.pick([
      undefined,
      {},
      { segmentSize: random.pick(SMALL) },
      { segmentSize: hostile(random) },
    ]),
  endpointOptions: endpointOptionsOf,
  // A process that is there, and is sent no signal.
  pid: (_: World, random: Random): unknown => random.pick([1, process.pid, 2 ** 30]),
  exitOptions: (world: World, random: Random): unknown =>
    random.pick([
      { reactor: world.reactor },
      { reactor: world.reactor, asyncContext: hostile(random) },
      { reactor: hostile(random) ?? 0 },
    ]),
  // One that may be made to block.
  file: (world: World): unknown => world.file,
  path: (world: World, random: Random): unknown => random.pick([world.directory, '/none', 'a\0b']),
  counts: (): unknown => new BigUint64Array(1),
  termios: (world: World): unknown => world.objects.Termios,
  group: (_: World, random: Random): unknown =>
    random.pick(['239.255.77.1', 'ff02::4577', '127.0.0.1', 'nowhere', '']),
  multicast: (_: World, random: Random): unknown => ({
    ttl: random.pick([0, 255, 256, hostile(random)]),
    loop: random.pick([true, hostile(random)]),
    interface: random.pick(['127.0.0.1', 'nothing0', hostile(random)]),
  }),
  tcpOptions: (_: World, random: Random): unknown => tcpOptionsOf(random),
  callback: (_: World, random: Random): unknown => random.pick([() => undefined, throwSentinel]),
  handler: (): unknown => ({ onReady: () => undefined }),
  signal: (_: World, random: Random): unknown =>
    random.pick(['SIGUSR2', 'SIGWINCH', 'SIGKILL', 'SIGSTOP', 'SIGNONE']),
  // Only what does not block.
  timeout: (_: World, random: Random): unknown => random.pick([0, -0, 0.01]),
  any: (_: World, random: Random): unknown => hostile(random),
} as const;

/** Roles with wrong values that must not be numbers: a large number is a long wait, or a command. */
export const NEVER_NUMBERS: readonly Role[] = ['timeout', 'command'];

function of(signature: string): readonly Role[] {
  return signature.split(' ').filter((word) => word !== '') as Role[];
}

/** By `function`, `Class` (its constructor), `Class.method` or `Class.static`. */
export const SIGNATURES: Readonly<Record<string, readonly Role[]>> = Object.fromEntries(
  Object.entries({
    readinessNames: 'int',
    isBytes: 'int',
    isAccepted: 'int',
    Poller: 'options',
    'Poller.capabilitiesOf': 'backend',
    'Poller.add': 'fd int int trigger options',
    'Poller.modify': 'fd int int trigger',
    'Poller.remove': 'fd',
    'Poller.wait': 'timeout',
    'Poller.notify': '',
    'Poller.close': '',
    'ReadyEvents.token': 'int',
    'ReadyEvents.readiness': 'int',
    'ReadyEvents.detail': 'int',
    Reactor: 'options',
    'Reactor.register': 'fd int handler options',
    'Reactor.registerEdge': 'fd int handler options',
    'Reactor.registrationOf': 'fd',
    'Reactor.audit': '',
    'Reactor.setTimeout': 'callback int',
    'Reactor.setInterval': 'callback int',
    'Reactor.defer': 'callback',
    'Reactor.onSignal': 'signal callback',
    'Reactor.createWaker': 'callback',
    'Reactor.turn': 'timeout',
    'Reactor.attach': 'options',
    'Reactor.detach': '',
    'Reactor.run': 'options',
    'Reactor.stop': '',
    'Reactor.ref': '',
    'Reactor.unref': '',
    'Reactor.hasRef': '',
    'Reactor.trace': 'options',
    'Reactor.close': '',
    'Registration.setInterest': 'int',
    'Registration.setTrigger': 'trigger',
    'Registration.rearm': '',
    'Registration.charge': 'int int',
    'Registration.requeue': 'int',
    'Registration.ref': '',
    'Registration.unref': '',
    'Registration.hasRef': '',
    'Registration.close': '',
    'Registration.closeDescriptor': '',
    'Timer.clear': '',
    'Timer.refresh': '',
    'Timer.ref': '',
    'Timer.unref': '',
    'Timer.hasRef': '',
    'net.listen': 'streamOptions',
    'net.connect': 'streamOptions',
    adoptListener: 'closable streamOptions',
    adoptConnection: 'closable streamOptions',
    adoptDatagram: 'closable datagramOptions',
    activationSockets: 'activationOptions',
    serviceManager: 'activationOptions',
    offerHandOver: 'handOverOptions',
    takeOver: 'handOverOptions',
    'HandOver.close': '',
    'HandOver.destroy': 'any',
    'HandOver.ref': '',
    'HandOver.unref': '',
    'HandOver.hasRef': '',
    defaultReactor: '',
    'Listener.close': '',
    'Listener.destroy': 'any',
    'Listener.release': '',
    'Listener.pause': '',
    'Listener.resume': '',
    'Listener.ref': '',
    'Listener.unref': '',
    'Listener.hasRef': '',
    bindDatagram: 'datagramOptions',
    'DatagramSocket.send': 'bytes address sendOptions',
    'DatagramSocket.sendMany': 'batch int',
    'DatagramSocket.sendDescriptors': 'bytes fds address',
    'DatagramSocket.connect': 'address',
    'DatagramSocket.disconnect': '',
    'DatagramSocket.joinGroup': 'group any',
    'DatagramSocket.leaveGroup': 'group any',
    'DatagramSocket.setMulticast': 'multicast',
    'DatagramSocket.pause': '',
    'DatagramSocket.resume': '',
    'DatagramSocket.ref': '',
    'DatagramSocket.unref': '',
    'DatagramSocket.hasRef': '',
    'DatagramSocket.close': 'any',
    'DatagramSocket.destroy': 'any',
    'Connection.write': 'bytes',
    'Connection.writeDescriptors': 'bytes fds',
    'Connection.sendFile': 'fd offset int callback',
    'Connection.tcpInfo': '',
    'Connection.peerCredentials': '',
    'Connection.writeZeroCopy': 'bytes callback',
    'Connection.cork': '',
    'Connection.uncork': '',
    'Connection.pause': '',
    'Connection.resume': '',
    'Connection.end': 'bytes',
    'Connection.destroy': 'any',
    'Connection.close': 'closeOptions',
    'Connection.hasRef': '',
    'Connection.setTimeout': 'int',
    'Connection.setOptions': 'tcpOptions',
    'Connection.ref': '',
    'Connection.unref': '',
    relay: 'connection connection relayOptions',
    'Relay.close': 'closeOptions',
    'Relay.destroy': 'any',
    'Relay.ref': '',
    'Relay.unref': '',
    'Relay.hasRef': '',
    watchExit: 'pid exitOptions callback',
    'ExitWatch.kill': 'signal',
    'ExitWatch.ref': '',
    'ExitWatch.unref': '',
    'ExitWatch.hasRef': '',
    'ExitWatch.close': '',
    'ExitWatch.destroy': '',
    openReader: 'closable endpointOptions',
    openWriter: 'closable endpointOptions',
    'DescriptorReader.ref': '',
    'DescriptorReader.unref': '',
    'DescriptorReader.hasRef': '',
    'DescriptorReader.destroy': 'any',
    'DescriptorReader.close': '',
    'DescriptorWriter.ref': '',
    'DescriptorWriter.unref': '',
    'DescriptorWriter.hasRef': '',
    'DescriptorReader.pause': '',
    'DescriptorReader.resume': '',
    'DescriptorWriter.write': 'bytes',
    'DescriptorWriter.end': 'bytes',
    'DescriptorWriter.destroy': 'any',
    'DescriptorWriter.close': 'closeOptions',
    Waker: 'int',
    'Waker.wake': '',
    'ReactorWaker.wake': '',
    'ReactorWaker.ref': '',
    'ReactorWaker.unref': '',
    'ReactorWaker.hasRef': '',
    'ReactorWaker.close': '',
    SocketAddress: 'address',
    'SocketAddress.set': 'address',
    'SocketAddress.toString': '',
    'SocketAddress.toJSON': 'any',
    MessageBatch: 'int int',
    SocketBatch: 'int int',
    PinnedBuffer: 'int',
    'PinnedBuffer.recv': 'fd int int',
    'PinnedBuffer.send': 'fd int int',
    'PinnedBuffer.read': 'fd int int',
    'PinnedBuffer.write': 'fd int int',
    'MessageBatch.room': 'int',
    'MessageBatch.message': 'int',
    'MessageBatch.address': 'int slot',
    'MessageBatch.setAddress': 'int address',
    EpollEvents: 'int',
    'EpollEvents.events': 'int',
    'EpollEvents.data': 'int',
    KeventList: 'int',
    'KeventList.set': 'int any',
    'KeventList.get': 'int',
    ReceivedMessage: 'int',
    ExtendedError: '',
    receiveError: 'fd extendedError bytes',
    sendSegments: 'fd bytes int int int address',
    sendApart: 'fd bytes int int int address',
    recvEach: 'socketBatch int int',
    sendEach: 'socketBatch int',
    recvmmsg: 'fd batch int int',
    sendmmsg: 'fd batch int int',
    epoll_create1: 'int',
    epoll_ctl: 'fd int fd int int',
    epoll_wait: 'fd epollEvents int timeout',
    PollDescriptors: 'int',
    'PollDescriptors.set': 'int fd int',
    'PollDescriptors.fd': 'int',
    'PollDescriptors.events': 'int',
    'PollDescriptors.revents': 'int',
    poll: 'pollDescriptors int timeout',
    ppoll: 'pollDescriptors int timeout signals',
    FdSet: '',
    'FdSet.add': 'fd',
    'FdSet.delete': 'fd',
    'FdSet.has': 'fd',
    'FdSet.clear': '',
    'FdSet.copy': 'fdSet',
    select: 'int fdSet fdSet fdSet timeout',
    pselect: 'int fdSet fdSet fdSet timeout signals',
    close: 'closable',
    disown: 'fd',
    dup: 'fd',
    eventfd: 'int int',
    timerfd_create: 'int int',
    timerfd_settime: 'fd int int int',
    eventfd_read: 'fd counts',
    eventfd_write: 'fd int',
    inotify_init1: 'int',
    inotify_add_watch: 'fd path int',
    inotify_rm_watch: 'fd int',
    inotifyEvents: 'bytes int',
    pidfd_open: 'pid int',
    pidfd_send_signal: 'fd int int',
    setNonBlocking: 'file any',
    reopen: 'file int',
    isatty: 'fd',
    Termios: '',
    tcgetattr: 'fd termios',
    tcsetattr: 'fd int termios',
    cfmakeraw: 'termios',
    fcntl: 'fd command int',
    pipe: 'int32s',
    pipe2: 'int32s int',
    TcpInfo: '',
    tcp_info: 'fd tcpInfo',
    PeerCredentials: '',
    getpeereid: 'fd credentials',
    pread: 'fd bytes offset int int',
    read: 'fd bytes int int',
    readv: 'fd buffers',
    sendfile: 'fd fd offset int',
    splice: 'fd offset fd offset int int',
    write: 'fd bytes int int',
    writev: 'fd buffers',
    kevent: 'fd kevents int kevents int timeout',
    kqueue: '',
    recvmsg: 'fd buffers received int',
    sendmsg: 'fd message int',
    errnoName: 'int',
    accept: 'fd slot',
    accept4: 'fd slot int',
    bind: 'fd address',
    connect: 'fd address',
    getpeername: 'fd slot',
    getsockname: 'fd slot',
    getsockopt: 'fd int option bytes',
    listen: 'fd int',
    setsockopt: 'fd int option int',
    shutdown: 'fd int',
    socket: 'int int int',
    socketpair: 'int int int int32s',
    recv: 'fd bytes int int int',
    recvfrom: 'fd bytes int int int slot',
    send: 'fd bytes int int int',
    sendto: 'fd bytes int int int address',
  }).map(([name, signature]) => [name, of(signature)]),
);

/** Exported, and yet not for callers: each is marked `@internal` in the source. */
export const INTERNAL: ReadonlySet<string> = new Set([
  'ErrnoError',
  'EdgewiseError',
  'ClosedError',
  'LintError', // made by edgewise; for `instanceof`
  'ReadyEvents',
  'Registration',
  'Timer',
  'ReactorWaker', // constructors
  'Connection',
  'Listener',
  'Connection.establish',
  'DatagramSocket.sendTracked',
  'DatagramSocket.queuedBytes',
  'Reactor.lintNames',
  'Connection.onReady',
  'Connection.enqueue',
  'Connection.onCloseReported',
  'Connection.receive',
  'Connection.requeue',
  'Connection.updateInterest',
  'Connection.endRead',
  'Relay',
  'Relay.start',
  'Connection.onIdle',
  'Connection.setDriver',
  'Connection.copyKeptBytes',
  'Connection.countRead',
  'Connection.countWritten',
  'Connection.onSent',
  'Connection.detach',
  'Connection.readFirst',
  'Connection.restore',
  'HandOver',
  'DatagramSocket',
  'DatagramSocket.onReady',
  'DatagramSocket.closeOn',
  'DescriptorReader',
  'DescriptorWriter',
  'DescriptorWriter.onSent',
  'ExitWatch',
  'Termios.bytesIn',
  'Poller.addRaw',
  'Poller.checkWatch',
  'Poller.modifyRaw',
  'ReactorWaker.deliver',
  'Reactor.countReferenced',
  'Reactor.watch',
  'Reactor.report',
  'Reactor.noteActivity',
  'SocketAddress.slotIn',
  'MessageBatch.memoryIn',
  'SocketBatch.memoryIn',
  'EpollEvents.recordsIn',
  'PollDescriptors.recordsIn',
  'FdSet.bitsIn',
  'KeventList.recordsIn',
  'ReceivedMessage.headerIn',
  'ExtendedError.recordIn',
]);
