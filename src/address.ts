// Socket addresses: what callers write, and the objects that results are filled into. An address is
// kept as the kernel has it (a sockaddr in a few bytes of memory) and becomes text only when asked.
import { constants as os } from 'node:os';
import { types } from 'node:util';
import { invalidType, invalidValue, outOfRange } from './errors.ts';
import { native } from './native.ts';
import { checkInteger, checkObject } from './validate.ts';

/** An IPv4 or IPv6 address and a port. */
export interface InetAddress {
  /** Numeric: `'127.0.0.1'`, `'::1'`, `'fe80::1%eth0'`, `'fe80::1%2'`. Names are not resolved. */
  readonly address: string;
  /** 0 to 65535; 0, the default: for `bind`, a free one. */
  readonly port?: number | undefined;
}

/** A Unix socket with a name in the file system. */
export interface UnixAddress {
  /** 1 to 107 bytes on Linux, 103 on macOS and the BSDs; text is written as UTF-8. */
  readonly path: string | Uint8Array;
}

/** A Unix socket with a name of Linux's abstract namespace: no file, gone with its last socket. */
export interface AbstractAddress {
  /** Any bytes, 0 to 107 of them; text is written as UTF-8. */
  readonly abstract: string | Uint8Array;
}

/** AF_UNSPEC: `connect` to it makes a datagram socket forget its peer. */
export interface UnspecifiedAddress {
  /** Sets it apart from the other kinds. */
  readonly unspecified: true;
}

/** What every call that takes an address takes. */
export type AddressInput =
  | InetAddress
  | UnixAddress
  | AbstractAddress
  | UnspecifiedAddress
  | SocketAddress;

/** The kind of a {@link SocketAddress}; undefined: none, or that of an unnamed Unix socket. */
export type AddressFamily = 'IPv4' | 'IPv6' | 'Unix' | 'other' | undefined;

// In the order of `enum class AddressKind` in native/core/socket_address.h.
const KIND = { none: 0, ipv4: 1, ipv6: 2, path: 3, abstract: 4 } as const;
const FAMILIES: readonly AddressFamily[] = [undefined, 'IPv4', 'IPv6', 'Unix', 'Unix', 'other'];

const SLOTS_PER_BLOCK = 64;
let block = new ArrayBuffer(0);
let blockUsed = 0;

// Memory of its own would cost an address five times as much.
function newSlot(): Uint8Array {
  const size = native.addressSlotSize;
  if (blockUsed === block.byteLength) {
    block = new ArrayBuffer(SLOTS_PER_BLOCK * size);
    blockUsed = 0;
  }
  const slot = new Uint8Array(block, blockUsed, size);
  blockUsed += size;
  return slot;
}

/**
 * An address that system calls fill in: make one, hand it to `accept`, `recvfrom`, `getsockname` as
 * often as you like, and read it before the next call overwrites it. Handed to `sendto` it goes
 * back to the kernel as it came, without a detour through text.
 *
 * Every getter decodes anew; keep what you need twice.
 *
 * @see ip(7), ipv6(7), unix(7)
 */
export class SocketAddress {
  readonly #slot = newSlot();

  /** @throws what {@link SocketAddress.set} throws. */
  constructor(from?: AddressInput) {
    if (from !== undefined) this.set(from);
  }

  /**
   * Takes over another address. Exceptions of getters of `from` come through.
   *
   * @throws TypeError - ERR_INVALID_ARG_TYPE: not an object, or a member of the wrong type.
   * @throws TypeError - ERR_INVALID_ARG_VALUE: `address` is no IP address or names a network interface
   * that is not there, `path` is empty or has a zero byte; `abstract` on another system than Linux.
   * @throws RangeError - ERR_OUT_OF_RANGE: `port`; a path or name too long.
   */
  set(from: AddressInput): void {
    const slot = slotOf(this);
    slot.set(slotOfInput(from, 'from'));
  }

  /** The kind of the address; undefined before anything was filled in. */
  get family(): AddressFamily {
    return FAMILIES[native.addressKind(slotOf(this))];
  }

  /** The numeric text of an IPv4 or IPv6 address, `%interface` included; `''` for other families. */
  get address(): string {
    return native.addressText(slotOf(this));
  }

  /** The port of an IPv4 or IPv6 address; 0 for other families. */
  get port(): number {
    return native.addressPort(slotOf(this));
  }

  /** The path of a Unix address read as UTF-8; undefined for other addresses. */
  get path(): string | undefined {
    return new TextDecoder().decode(nameOf(slotOf(this), KIND.path)) || undefined;
  }

  /** The bytes of an abstract Unix name; undefined for other addresses. */
  get abstract(): Uint8Array | undefined {
    return nameOf(slotOf(this), KIND.abstract);
  }

  /** `'127.0.0.1:80'`, `'[::1]:80'`, a path, or `'@'` and an abstract name. */
  toString(): string {
    switch (native.addressKind(slotOf(this))) {
      case KIND.ipv4:
        return `${this.address}:${this.port}`;
      case KIND.ipv6:
        return `[${this.address}]:${this.port}`;
      case KIND.path:
        return this.path ?? '';
      case KIND.abstract:
        return `@${new TextDecoder().decode(this.abstract)}`;
      default:
        return this.family ?? 'unnamed';
    }
  }

  /** What `JSON.stringify` and logs show: only what the family has. */
  toJSON(): Readonly<Record<string, string | number | undefined>> {
    const { family } = this;
    if (family === 'IPv4' || family === 'IPv6') {
      return { family, address: this.address, port: this.port };
    }
    if (this.path !== undefined) return { family, path: this.path };
    return family === 'Unix' ? { family, abstract: this.toString().slice(1) } : { family };
  }

  /** @internal the memory of `value`, or undefined when it is none of ours (a proxy, say). */
  static slotIn(value: unknown): Uint8Array | undefined {
    if (typeof value !== 'object' || value === null) return undefined;
    return #slot in value ? value.#slot : undefined;
  }
}

function nameOf(slot: Uint8Array, kind: number): Uint8Array | undefined {
  if (native.addressKind(slot) !== kind) return undefined;
  const name = new Uint8Array(slot.length);
  return name.subarray(0, native.addressName(slot, name));
}

/** @internal the memory of a SocketAddress. @throws TypeError - ERR_INVALID_ARG_TYPE */
export function slotOf(value: SocketAddress, name = 'this'): Uint8Array {
  const slot = SocketAddress.slotIn(value);
  if (slot === undefined) throw invalidType(name, 'a SocketAddress', value);
  return slot;
}

/** @internal the same, or undefined for undefined and null. */
export function optionalSlotOf(
  value: SocketAddress | null | undefined,
  name: string,
): Uint8Array | undefined {
  return value === undefined || value === null ? undefined : slotOf(value, name);
}

// Where plain objects are encoded for the one call that follows.
const encoded = new Uint8Array(native.addressSlotSize);

/**
 * @internal the memory of an address to hand to native code at once: for a plain object it is shared
 * and holds until the next call. All getters of `input` run before anything is written.
 */
export function slotOfInput(input: AddressInput, name = 'address'): Uint8Array {
  const slot = SocketAddress.slotIn(input);
  if (slot !== undefined) return slot;
  checkObject(name, input);
  const { path, abstract, unspecified, address, port } = input as Partial<
    UnixAddress & AbstractAddress & UnspecifiedAddress & InetAddress
  >;
  if (path !== undefined) return setName(`${name}.path`, path, native.addressSetPath);
  if (abstract !== undefined) {
    return setName(`${name}.abstract`, abstract, native.addressSetAbstract);
  }
  if (unspecified === true) {
    native.addressSetUnspecified(encoded);
    return encoded;
  }
  return setInet(name, address, port === undefined ? 0 : port);
}

function setInet(name: string, address: unknown, port: unknown): Uint8Array {
  if (typeof address !== 'string') throw invalidType(`${name}.address`, 'a string', address);
  checkInteger(`${name}.port`, port, 0, 65535);
  const result = native.addressSetInet(encoded, address, port as number);
  if (result === 0) return encoded;
  const expected = result === -os.errno.ENODEV ? 'in a zone of this machine' : 'an IP address';
  throw invalidValue(`${name}.address`, expected, address);
}

function setName(
  name: string,
  value: unknown,
  set: (slot: Uint8Array, bytes: Uint8Array) => number,
): Uint8Array {
  if (typeof value !== 'string' && !types.isUint8Array(value)) {
    throw invalidType(name, 'a string or a Uint8Array', value);
  }
  const bytes = typeof value === 'string' ? new TextEncoder().encode(value) : value;
  const result = set(encoded, bytes);
  if (result === 0) return encoded;
  if (result === -os.errno.ENAMETOOLONG) {
    throw outOfRange(name, `at most ${native.unixPathMax} bytes long`, value);
  }
  if (result === -os.errno.ENOTSUP) {
    throw invalidValue(name, 'absent: only Linux has abstract names', value);
  }
  throw invalidValue(name, 'neither empty nor detached, and without zero bytes', value);
}
