// A listening socket and the connections that it accepts. listen.ts makes the socket.
import { SocketAddress } from '../../address.ts';
import { check, invalidValue } from '../../errors.ts';
import { SHOWN, shown } from '../../inspect.ts';
import { Interest } from '../../poller/index.ts';
import type { Registration } from '../../reactor/index.ts';
import * as sys from '../../sys/index.ts';
import { Role } from '../../trace/index.ts';
import { acceptConnection, type Connection } from '../connection/connection.ts';
import type { ConnectionGroup, ConnectionStats } from '../connection/group.ts';
import type { ConnectionOptions } from '../connection/options.ts';
import type { ProxyHeader } from '../socket/proxy-header.ts';
import { applyPlan, forConnections, planOrDefaults, type TcpOptions } from '../socket/tcp.ts';
import { Acceptor, type AcceptStats, type ExhaustionPolicy } from './acceptor.ts';
import { type ProxyOptions, ProxyReader } from './proxy-reader.ts';

/** @throws TypeError - it is no policy. */
export function checkPolicy(policy: unknown): void {
  if (policy === undefined || policy === 'pause' || policy === 'shed') return;
  throw invalidValue('onExhaustion', "'pause' or 'shed'", policy);
}

/** Options of {@link listen}. */
export interface ListenOptions<Data = unknown> extends ConnectionOptions<Data>, ProxyOptions {
  /** A numeric address; default `'::'`, and `'0.0.0.0'` where there is no IPv6. */
  readonly host?: string | undefined;
  /** 0 to 65535; 0, the default, takes a free one. */
  readonly port?: number | undefined;
  /**
   * A Unix socket instead of TCP: a path. One that is left of a process that was killed is replaced.
   * The file has mode 0777 without the process's umask(2); to connect one needs write permission.
   */
  readonly path?: string | undefined;
  /** A Unix socket of Linux's abstract namespace. */
  readonly abstract?: string | undefined;
  /** Connections that may wait to be accepted; the kernel cuts it to somaxconn. Default 4096. */
  readonly backlog?: number | undefined;
  /** Let other sockets of this user listen on the same port, and share its connections. */
  readonly reusePort?: boolean | undefined;
  /** `'::'` for IPv6 only. Default false. */
  readonly ipv6Only?: boolean | undefined;
  /** One-of-many wake-ups among reactors that share the descriptor: EPOLLEXCLUSIVE. */
  readonly exclusive?: boolean | undefined;
  /** What to do when no descriptor is left. Default `'pause'`. */
  readonly onExhaustion?: ExhaustionPolicy | undefined;
  /** Set on each accepted connection, and those of listeners on the listening socket. */
  readonly tcp?: TcpOptions | undefined;
  /**
   * Called at the end of the turn when the listening socket fails, which closes the listener: it was
   * closed or shut down behind its back, or the kernel cannot watch it. Default: the reactor's
   * `onError` gets the error.
   */
  readonly onError?: ((error: NodeJS.ErrnoException, listener: Listener<Data>) => void) | undefined;
  /** Closes the listener when it is aborted; connections go on. */
  readonly signal?: AbortSignal | undefined;
}

/** The name of what is called at the close: none that users might give to something of theirs. */
export const ON_CLOSED = Symbol('onClosed');

/**
 * A listening socket, made by `listen` or `adoptListener`. It owns its descriptor. The connections
 * that it accepts are of their own: they go on when it closes, unless it is destroyed.
 */
export class Listener<Data = unknown> {
  /** Why it ended, when that was not by `close` or `destroy`. */
  error: NodeJS.ErrnoException | undefined = undefined;
  readonly #group: ConnectionGroup;
  readonly #acceptor: Acceptor;
  readonly #proxyReader: ProxyReader | undefined;
  readonly #registration: Registration<undefined>;
  readonly #address = new SocketAddress();
  readonly #onClose: (keepsFile: boolean) => void;
  /** @internal called when it is closed, whatever has closed it */
  [ON_CLOSED]: (() => void) | undefined = undefined;
  #fd: number;

  /** @internal use `listen` or `adoptListener` */
  constructor(
    fd: number,
    options: ListenOptions<Data>,
    group: ConnectionGroup,
    onClose: (keepsFile: boolean) => void,
  ) {
    this.#fd = fd;
    this.#onClose = onClose;
    this.#group = group;
    const { tcp, exclusive, onExhaustion = 'pause' } = options;
    check(sys.getsockname(fd, this.#address), 'getsockname', { fd });
    const isTcp = this.#address.family === 'IPv4' || this.#address.family === 'IPv6';
    const plan = isTcp ? forConnections(planOrDefaults(tcp), fd) : [];
    const open = (connected: number, header?: ProxyHeader) =>
      acceptConnection<Data>(group, connected, header).readFirst();
    const reader =
      options.proxyProtocol === undefined
        ? undefined
        : new ProxyReader(group, options, {
            accepted: open,
            rejected: () => this.#acceptor.stats.rejected++,
          });
    this.#proxyReader = reader;
    this.#acceptor = new Acceptor(
      group.reactor,
      onExhaustion,
      (connected) => {
        applyPlan(connected, plan); // EINVAL on macOS: the peer has gone, which the read reports
        if (reader === undefined) open(connected);
        else reader.take(connected);
      },
      (error) => this.#fail(error, options.onError),
      exclusive,
    );
    this.#registration = group.reactor.watch<undefined>({
      fd,
      interest: Interest.Readable,
      trigger: group.settings.trigger,
      handler: this.#acceptor,
      data: undefined,
      isExclusive: exclusive === true,
      scope: group.scope,
      role: Role.Listener,
    });
    this.#acceptor.start(this.#registration);
    group.opener = this;
    group.onGone = () => this.#acceptor.retry();
  }

  /** The descriptor; -1 after it is closed. */
  get fd(): number {
    return this.#fd;
  }

  /** Where it listens, with the port that it got. */
  get address(): SocketAddress {
    return this.#address;
  }

  /** The port, 0 for Unix sockets. */
  get port(): number {
    return this.#address.port;
  }

  /** Whether it was closed. */
  get isClosed(): boolean {
    return this.#fd < 0;
  }

  /** The open connections that it accepted. */
  get connections(): ReadonlySet<Connection<Data>> {
    return this.#group.connections;
  }

  /** Counts of what it accepted and of those connections, up to now. */
  get stats(): Readonly<AcceptStats & ConnectionStats> {
    return { ...this.#acceptor.stats, ...this.#group.stats };
  }

  /** @internal connections with a header of a proxy that has not come yet */
  get incomingCount(): number {
    return this.#proxyReader?.size ?? 0;
  }

  /** Stops accepting for a while: clients wait in the kernel's queue (`backlog`). */
  pause(): void {
    this.#acceptor.hold(true);
  }

  /** Accepts again. */
  resume(): void {
    this.#acceptor.hold(false);
  }

  /**
   * Stops accepting and closes the socket. Its connections go on: `connections` has them. Clients
   * that wait in the kernel's queue are reset, or, of a descriptor that another process shares, left
   * to that. One whose header of a proxy has not come yet was accepted, and is waited for as long as
   * `proxyTimeoutMs` says. Nothing here can hang, so there is no time limit. Does nothing the second
   * time.
   */
  close(): void {
    this.#close(false);
  }

  /**
   * Closes as `close` does, and destroys its connections.
   *
   * @param error - reaches their `close` handlers.
   */
  destroy(error?: Error): void {
    this.close();
    this.#proxyReader?.destroy();
    for (const connection of [...this.connections]) connection.destroy(error);
  }

  /**
   * Closes as `close` does, but leaves the file of a Unix socket where it is: for another process
   * that listens on the same socket.
   */
  release(): void {
    this.#close(true);
  }

  #fail(error: Error, onError: ListenOptions<Data>['onError']): void {
    this.error = error;
    const { reactor } = this.#group;
    this.#group.defer(() => {
      if (onError === undefined) reactor.report(error);
      else onError(error, this);
    });
    this.close();
  }

  #close(keepsFile: boolean): void {
    const fd = this.#fd;
    if (fd < 0) return;
    this.#fd = -1;
    this.#acceptor.stop();
    const group = this.#group;
    group.opener = undefined;
    try {
      this.#onClose(keepsFile); // first: what listens at a path has it for itself
    } catch (error) {
      group.reactor.report(error); // EACCES, EROFS: the file stays
    }
    sys.close(fd);
    group.leaveIfIdle();
    this[ON_CLOSED]?.();
  }

  /** Keeps the reactor alive, which is so from the start. */
  ref(): this {
    this.#registration.ref();
    return this;
  }

  /** Lets the reactor end although it listens. */
  unref(): this {
    this.#registration.unref();
    return this;
  }

  /** Whether it keeps the reactor alive while it listens. */
  hasRef(): boolean {
    return this.#registration.hasRef();
  }

  /** How console.log shows it: on one line. */
  [SHOWN](): string {
    const { fd, address, isClosed: closed, connections, error } = this;
    const { accepted } = this.#acceptor.stats;
    const counts = { accepted, connections: connections.size };
    return shown('Listener', { fd, address, ...counts, closed, error });
  }

  /** Destroys it with its connections: see `destroy`. */
  [Symbol.dispose](): void {
    this.destroy();
  }

  /** Closes it: see `close`. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }
}
