// Addresses of simulated sockets. They are kept in the memory of a SocketAddress, as a real kernel has them;
// reading and making them is work of native code that enters no kernel.
import type { Native } from '../../native.ts';
import { constants as names } from '../../sys/constants.ts';

const KIND = { none: 0, ipv4: 1, ipv6: 2, path: 3, abstract: 4 } as const;

/** An address of a socket. */
export class Address {
  /** As a SocketAddress has it. */
  readonly slot: Uint8Array;
  /** `'127.0.0.1'`, `'::1'`; '' of a Unix socket. */
  readonly host: string;
  /** Of IPv4 and IPv6. */
  readonly port: number;
  /** What sets it apart from others, without its port. */
  readonly place: string;

  constructor(native: Native, slot: Uint8Array) {
    this.slot = Uint8Array.from(slot);
    const kind = native.addressKind(slot);
    this.host = kind === KIND.ipv4 || kind === KIND.ipv6 ? native.addressText(slot) : '';
    this.port = native.addressPort(slot);
    this.place = this.host === '' ? placeOf(native, slot, kind) : this.host;
  }

  /** An IPv4 or IPv6 address. */
  static inet(native: Native, host: string, port: number): Address {
    const slot = new Uint8Array(native.addressSlotSize);
    native.addressSetInet(slot, host, port);
    return new Address(native, slot);
  }

  /** That of a socket that has no name yet. */
  static none(native: Native, domain: number = names.AF_UNIX): Address {
    if (domain === names.AF_INET) return Address.inet(native, '0.0.0.0', 0);
    if (domain === names.AF_INET6) return Address.inet(native, '::', 0);
    return new Address(native, new Uint8Array(native.addressSlotSize));
  }

  /** It is bound to all addresses of the machine. */
  get isWildcard(): boolean {
    return this.host === '0.0.0.0' || this.host === '::';
  }

  /** It is that of a group. */
  get isMulticast(): boolean {
    return /^(22[4-9]|23\d)\.|^ff/i.test(this.host);
  }

  /** It has a name, and a port where it needs one. */
  get isNamed(): boolean {
    return this.host === '' ? this.place !== '' : this.port !== 0;
  }

  /** `'127.0.0.1:80'`, or the path of a Unix socket. */
  get text(): string {
    return this.host === '' ? this.place : `${this.place}:${this.port}`;
  }
}

function placeOf(native: Native, slot: Uint8Array, kind: number): string {
  if (kind !== KIND.path && kind !== KIND.abstract) return '';
  const bytes = new Uint8Array(native.unixPathMax + 1);
  const length = native.addressName(slot, bytes);
  const text = new TextDecoder().decode(bytes.subarray(0, length));
  return kind === KIND.abstract ? `@${text}` : text;
}
