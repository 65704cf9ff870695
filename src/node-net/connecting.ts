// How a socket of node:net gets its connection: the name is looked up, and its addresses are tried one
// after the other, each for a time. The first that answers is the one. Happy Eyeballs of `connect` of
// edgewise, where attempts overlap, is not what programs that watch these events count on.
import dns, { type LookupAddress } from 'node:dns';
import { type BlockList, isIP, type LookupFunction } from 'node:net';
import { constants as os } from 'node:os';
import type { Duplex } from 'node:stream';
import { errnoError } from '../errors.ts';
import { native } from '../native.ts';
import { type Connection, type ConnectOptions, connect } from '../net/index.ts';
import { coded, wrongRange } from '../node-errors.ts';
import type { Reactor } from '../reactor/index.ts';
import { asAggregateError, asNodeError, invalidAddress, type LocalPlace } from './errors.ts';

/** What is connected to, checked. */
export interface Target {
  /** A Unix socket; undefined: TCP. */
  readonly path: string | undefined;
  readonly host: string;
  readonly port: number;
  readonly localAddress: string | undefined;
  readonly localPort: number | undefined;
  readonly family: 0 | 4 | 6;
  readonly hints: number;
  readonly lookup: LookupFunction | undefined;
  /** All addresses of the name, if it has several. */
  readonly isAutoSelected: boolean;
  /** Milliseconds for each of several addresses. */
  readonly attemptTimeoutMs: number;
  readonly blockList: BlockList | undefined;
  readonly trigger: 'level' | 'edge' | undefined;
  readonly reactor: Reactor | undefined;
}

/** Receives the outcome; one call of one of them, unless it was cancelled. */
export interface ConnectingOwner {
  /** It is connected. */
  onConnected(connection: Connection): void;
  /** Nothing more is tried. */
  onFailed(error: Error): void;
  /** An address was looked up, or is tried: the silence begins anew. */
  onProgress(): void;
}

interface Place {
  readonly address: string;
  readonly family: number;
}

const { ECONNREFUSED, EINVAL, ETIMEDOUT } = os.errno;
const PORT_MAX = 65_535;

/** The connecting of one socket: from `start` until its owner is called, or `cancel`. */
export class Connecting {
  readonly #socket: Duplex & { autoSelectFamilyAttemptedAddresses?: string[] | undefined };
  readonly #owner: ConnectingOwner;
  readonly #target: Target;
  #places: Place[] = [];
  #errors: Error[] = [];
  #isMultiple = false;
  #isOver = false;
  #attempt: Connection | undefined = undefined;
  #timer: NodeJS.Timeout | undefined = undefined;

  /** @param socket - emits what happens. */
  constructor(socket: Duplex, owner: ConnectingOwner, target: Target) {
    this.#socket = socket;
    this.#owner = owner;
    this.#target = target;
  }

  /** Begins; what a lookup function throws is thrown. */
  start(): void {
    const { path, host } = this.#target;
    const family = isIP(host);
    if (path !== undefined) this.#later(() => this.#try({ path }));
    else if (family !== 0) this.#later(() => this.#tryPlace({ address: host, family }));
    else this.#lookUp();
  }

  /** Ends it. The owner is not called. */
  cancel(): void {
    this.#isOver = true;
    this.#places = [];
    this.#giveUp();
  }

  /** Applies to an attempt that is under way what `ref` and `unref` of the socket say. */
  setReferenced(isReferenced: boolean): void {
    if (isReferenced) this.#attempt?.ref();
    else this.#attempt?.unref();
  }

  #later(start: () => void): void {
    process.nextTick(() => {
      if (!this.#isOver) start();
    });
  }

  #giveUp(): void {
    clearTimeout(this.#timer);
    const attempt = this.#attempt;
    this.#attempt = undefined;
    attempt?.destroy();
  }

  #lookUp(): void {
    const { host, family, lookup = native.lookup, localAddress, isAutoSelected } = this.#target;
    const hints = family === 0 && this.#target.hints === 0 ? dns.ADDRCONFIG : this.#target.hints;
    const isMultiple = isAutoSelected && family === 0 && localAddress === undefined;
    const options = isMultiple ? { family, hints, all: true } : { family, hints };
    lookup(host, options, (error: Error | null, found: unknown, foundFamily?: unknown) => {
      const places = Array.isArray(found) ? (found as LookupAddress[]) : undefined;
      const one = { address: found as string, family: foundFamily as number };
      if (isMultiple && error) this.#emitLookup(error, {});
      for (const each of isMultiple && error ? [] : (places ?? [one])) {
        if (isMultiple && this.#isOver) return;
        this.#emitLookup(error, each);
      }
      if (this.#isOver) return;
      if (error) this.#fail(error);
      else this.#useFound(places ?? [one]);
    });
  }

  #emitLookup(error: Error | null, { address, family }: Partial<Place>): void {
    this.#socket.emit('lookup', error, address, family, this.#target.host);
  }

  #useFound(found: readonly Place[]): void {
    const places = inTurns(found.filter(isPlace));
    if (places.length === 0) {
      this.#fail(this.#wrongPlace(found[0]));
      return;
    }
    this.#owner.onProgress();
    this.#isMultiple = places.length > 1;
    if (this.#isMultiple) this.#socket.autoSelectFamilyAttemptedAddresses = [];
    this.#places = places;
    this.#tryNext();
  }

  #wrongPlace(place: Place | undefined): Error {
    const { host, port } = this.#target;
    if (typeof place?.address !== 'string' || isIP(place.address) === 0) {
      return invalidAddress(place?.address);
    }
    const error = new RangeError(`Invalid address family: ${place.family} ${host}:${port}`);
    return Object.assign(coded(error, 'ERR_INVALID_ADDRESS_FAMILY'), { host, port });
  }

  #tryNext(): void {
    const place = this.#places.shift();
    if (place !== undefined) this.#tryPlace(place);
    else this.#owner.onFailed(asAggregateError(this.#errors));
  }

  #tryPlace({ address, family }: Place): void {
    const { port, blockList } = this.#target;
    if (blockList?.check(address, family === 6 ? 'ipv6' : 'ipv4')) {
      const error = new Error(`IP(${address}) is blocked by net.BlockList`);
      const blocked = coded(error, 'ERR_IP_BLOCKED');
      if (this.#isMultiple) this.#onFailed({ address, family }, blocked);
      else this.#fail(blocked);
      return;
    }
    this.#socket.autoSelectFamilyAttemptedAddresses?.push(`${address}:${port}`);
    this.#socket.emit('connectionAttempt', address, port, family);
    if (!this.#isOver) this.#try({ address, family });
  }

  #try(where: Place | { readonly path: string }): void {
    const local = 'path' in where ? undefined : this.#localOf(where.family);
    const onFailed = (error: Error) => this.#onFailed(where, asNodeError(error, placeOf(local)));
    try {
      const attempt: Connection = connect({
        ...this.#optionsFor(where, local),
        keepsAlive: 'active',
        handlers: {
          open: (connection) => this.#onOpen(connection),
          close: (connection, error = errnoError(-EINVAL, 'connect')) => {
            if (connection !== this.#attempt) return;
            this.#attempt = undefined;
            onFailed(error);
          },
        },
      });
      this.#attempt = attempt;
    } catch (error) {
      onFailed(error as Error);
      return;
    }
    if (this.#places.length > 0 && !('path' in where)) {
      this.#timer = setTimeout(() => this.#onTimeout(where), this.#target.attemptTimeoutMs);
    }
  }

  #localOf(family: number): LocalPlace | undefined {
    const { localAddress, localPort } = this.#target;
    if (localAddress === undefined && localPort === undefined) return undefined;
    const any = family === 6 ? '::' : '0.0.0.0';
    return { localAddress: localAddress ?? any, localPort: localPort ?? 0 };
  }

  #optionsFor(
    where: Place | { readonly path: string },
    local: LocalPlace | undefined,
  ): Omit<ConnectOptions, 'handlers'> {
    const { port, trigger, reactor } = this.#target;
    const ours = {
      ...(trigger === undefined ? {} : { trigger }),
      ...(reactor === undefined ? {} : { reactor }),
    };
    if ('path' in where) return { ...ours, ...unixPlaceOf(where.path, 'connect') };
    if (port === 0) throw errnoError(-ECONNREFUSED, 'connect', { address: where.address });
    if (local !== undefined && !(local.localPort >= 0 && local.localPort <= PORT_MAX)) {
      throw wrongRange('options.localPort', `>= 0 && <= ${PORT_MAX}`, local.localPort);
    }
    // As in node:net, Nagle's algorithm is on unless the socket switches it off.
    return { ...ours, host: where.address, port, tcp: { noDelay: false }, ...local };
  }

  #onOpen(connection: Connection): void {
    if (connection !== this.#attempt) return;
    this.#attempt = undefined;
    clearTimeout(this.#timer);
    this.#isOver = true;
    this.#owner.onConnected(connection);
  }

  #onTimeout({ address, family }: Place): void {
    const { port } = this.#target;
    this.#socket.emit('connectionAttemptTimeout', address, port, family);
    if (this.#isOver) return;
    this.#giveUp();
    this.#errors.push(asNodeError(errnoError(-ETIMEDOUT, 'connect', { address, port })));
    this.#tryNext();
  }

  #onFailed(where: Place | { readonly path: string }, error: Error): void {
    clearTimeout(this.#timer);
    const { port } = this.#target;
    if ('path' in where) {
      this.#socket.emit('connectionAttemptFailed', where.path, undefined, undefined, error);
    } else {
      this.#socket.emit('connectionAttemptFailed', where.address, port, where.family, error);
    }
    if (this.#isOver) return;
    this.#errors.push(error);
    if (this.#isMultiple) this.#tryNext();
    else this.#owner.onFailed(error);
  }

  #fail(error: Error): void {
    this.#later(() => this.#owner.onFailed(error));
  }
}

/**
 * Names a Unix socket to `connect` and `listen` of edgewise: a path, or with a NUL in front a name of
 * Linux's abstract namespace.
 *
 * @throws ErrnoError - EINVAL: longer than the system takes, as libuv says it.
 */
export function unixPlaceOf(
  path: string,
  syscall: string,
): { path: string } | { abstract: string } {
  if (Buffer.byteLength(path) > PATH_BYTES_MAX) throw errnoError(-EINVAL, syscall, { path });
  return path.startsWith('\0') ? { abstract: path.slice(1) } : { path };
}

/** Of sun_path, with its NUL; macOS and the BSDs have 104. man 7 unix */
const PATH_BYTES_MAX = (process.platform === 'linux' ? 108 : 104) - 1;

function isPlace({ address, family }: Place): boolean {
  return typeof address === 'string' && isIP(address) !== 0 && (family === 4 || family === 6);
}

// The families take turns, that of the first one begins, and each address is tried once.
function inTurns(places: readonly Place[]): Place[] {
  const unique = places.filter(
    ({ address }, index) => places.findIndex((each) => each.address === address) === index,
  );
  const first = unique.filter(({ family }) => family === unique[0]?.family);
  const others = unique.filter(({ family }) => family !== unique[0]?.family);
  const longer = Math.max(first.length, others.length);
  return Array.from({ length: longer }, (_, i) => [
    ...first.slice(i, i + 1),
    ...others.slice(i, i + 1),
  ]).flat();
}

// Node names our side in an error only where both its address and its port were asked for.
function placeOf(local: LocalPlace | undefined): LocalPlace | undefined {
  return local !== undefined && local.localPort > 0 ? local : undefined;
}
