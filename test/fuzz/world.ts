// What the fuzz calls functions on and with: descriptors of each kind, all non-blocking, and one
// object of each class. A world is made anew every few hundred calls; closing it closes whatever
// calls have made in it, so that a leak is a leak of edgewise.
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as edgewise from '../../src/index.ts';
import { Connection } from '../../src/net/connection/connection.ts';
import { groupOf } from '../../src/net/connection/options.ts';
import * as sys from '../../src/sys/index.ts';
import type { Random } from '../helpers/random.ts';

const { AF_INET, AF_UNIX, SOCK_STREAM, SOCK_DGRAM, SOCK_NONBLOCK, O_NONBLOCK } = sys.constants;
const LOCALHOST = { address: '127.0.0.1', port: 0 };

function made(result: number): number {
  if (result < 0) throw new Error(`the fuzz has no descriptor: ${sys.errnoName(result)}`);
  return result;
}

export class World {
  readonly directory = mkdtempSync(join(tmpdir(), 'edgewise-fuzz-'));
  readonly poller: edgewise.Poller;
  readonly reactor: edgewise.Reactor;
  readonly objects: Readonly<Record<string, object>>;
  readonly #file: number;
  readonly #folder: number;
  readonly #kept: number[] = [];
  /** Descriptors that calls have made. */
  readonly #made = new Set<number>();
  readonly #closers: (() => void)[] = [];
  #isClosed = false;

  constructor(random: Random) {
    const path = join(this.directory, 'file');
    writeFileSync(path, 'some bytes of a file');
    this.#file = openSync(path, 'r');
    this.#folder = openSync(this.directory, 'r');
    this.#openDescriptors();
    const backend = random.pick(edgewise.Poller.backends);
    this.poller = new edgewise.Poller({ backend, capacity: 8 });
    this.reactor = new edgewise.Reactor({ backend, capacity: 8 });
    this.objects = this.#makeObjects();
  }

  /** A regular file. */
  get file(): number {
    return this.#file;
  }

  /** An open descriptor that is neither 0, 1, 2 nor any of the test runner's own. */
  fd(random: Random): number {
    return random.pick(this.#kept);
  }

  /** One that a call may close. */
  disposableFd(random: Random): number {
    const fd = sys.dup(this.fd(random));
    if (fd >= 0) this.#made.add(fd);
    return fd >= 0 ? fd : 1_000_003;
  }

  /** Remembers a descriptor that a call has made. */
  adopt(fd: number): void {
    if (!this.#kept.includes(fd)) this.#made.add(fd);
  }

  forget(fd: number): void {
    this.#made.delete(fd);
  }

  /** Remembers an object that has to be closed: at once, when the world has ended. */
  closeLater(close: () => void): void {
    if (this.#isClosed) close();
    else this.#closers.push(close);
  }

  /** @throws what `close` handlers of connections threw, when all is closed. */
  close(): void {
    this.#isClosed = true;
    try {
      for (const close of this.#closers) close();
      this.reactor.close();
    } finally {
      this.#closeDescriptors();
    }
  }

  #closing<T extends { close(): void }>(object: T): T {
    this.closeLater(() => object.close());
    return object;
  }

  #closeDescriptors(): void {
    this.poller.close();
    for (const fd of this.#made) sys.close(fd);
    for (const fd of this.#kept.slice(2)) sys.close(fd);
    closeSync(this.#file);
    closeSync(this.#folder);
    rmSync(this.directory, { recursive: true, force: true });
  }

  #openDescriptors(): void {
    const pair = new Int32Array(2);
    this.#kept.push(this.#file, this.#folder);
    for (const type of [SOCK_STREAM, SOCK_DGRAM]) {
      made(sys.socketpair(AF_UNIX, type | SOCK_NONBLOCK, 0, pair));
      this.#kept.push(...pair);
    }
    made(sys.pipe2(pair, O_NONBLOCK));
    this.#kept.push(...pair);
    for (const type of [SOCK_STREAM, SOCK_DGRAM]) {
      const fd = made(sys.socket(AF_INET, type | SOCK_NONBLOCK));
      made(sys.bind(fd, LOCALHOST));
      this.#kept.push(fd);
    }
    sys.listen(this.#kept.at(-2) as number, 8);
    this.#kept.push(made(sys.socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK)));
    if (process.platform !== 'linux') return;
    const { EFD_NONBLOCK, IN_NONBLOCK, CLOCK_MONOTONIC, TFD_NONBLOCK } = sys.constants;
    this.#kept.push(made(sys.epoll_create1()), made(sys.eventfd(1, EFD_NONBLOCK)));
    this.#kept.push(made(sys.inotify_init1(IN_NONBLOCK)));
    this.#kept.push(made(sys.timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK)));
  }

  // Both ends of a pipe; the reactor closes them.
  #endpoints(): Record<string, object> {
    const { reactor } = this;
    const pair = new Int32Array(2);
    made(sys.pipe2(pair, O_NONBLOCK));
    return {
      DescriptorReader: edgewise.openReader(pair[0] as number, { reactor, handlers: {} }),
      DescriptorWriter: edgewise.openWriter(pair[1] as number, { reactor, handlers: {} }),
    };
  }

  // Closed, since `kill` without an argument is a SIGTERM.
  #closedWatch(): object {
    const { reactor } = this;
    const watch = edgewise.watchExit(process.pid, { reactor }, () => undefined);
    watch.close();
    return watch;
  }

  #makeConnection(): Connection {
    const connection = new Connection(groupOf({ handlers: {}, reactor: this.reactor }, true));
    const pair = new Int32Array(2);
    made(sys.socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair));
    connection.establish(pair[0] as number);
    this.#made.add(pair[1] as number);
    return connection;
  }

  #makeObjects(): Record<string, object> {
    const { reactor } = this;
    const fd = this.#kept[2] as number;
    const handler = { onReady: () => undefined };
    const reactorWaker = reactor.createWaker(() => undefined);
    const relayed = this.#makeConnection();
    const path = join(this.directory, 'listener');
    const listener = this.#closing(edgewise.listen({ path, handlers: {}, reactor }));
    return {
      Poller: this.poller,
      ReadyEvents: this.poller.events,
      Reactor: reactor,
      Registration: reactor.register(fd, edgewise.Interest.Readable, handler),
      Timer: reactor.setTimeout(() => undefined, 5),
      ReactorWaker: reactorWaker,
      Waker: new edgewise.Waker(reactorWaker.id),
      Connection: this.#makeConnection(),
      Other: this.#makeConnection(),
      Relayed: relayed,
      Relay: edgewise.relay(relayed, this.#makeConnection()),
      DatagramSocket: this.#closing(
        edgewise.bindDatagram({ host: '127.0.0.1', handlers: {}, reactor }),
      ),
      Listener: listener,
      HandOver: this.#closing(
        edgewise.offerHandOver({
          path: join(this.directory, 'hand-over'),
          sockets: { listener },
          handlers: { handedOver: () => undefined },
          reactor,
        }),
      ),
      ...this.#endpoints(),
      ExitWatch: this.#closedWatch(),
      Termios: new sys.Termios(),
      SocketAddress: new sys.SocketAddress(LOCALHOST),
      ExtendedError: new sys.ExtendedError(),
      MessageBatch: new sys.MessageBatch(4, 64),
      SocketBatch: new sys.SocketBatch(4, 64),
      PinnedBuffer: new sys.PinnedBuffer(64),
      EpollEvents: new sys.EpollEvents(4),
      PollDescriptors: new sys.PollDescriptors(4),
      FdSet: new sys.FdSet(),
      KeventList: new sys.KeventList(4),
      ReceivedMessage: new sys.ReceivedMessage(4),
      TcpInfo: new sys.TcpInfo(),
      PeerCredentials: new sys.PeerCredentials(),
    };
  }
}
