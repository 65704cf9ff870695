// The header of the PROXY protocol, with which a proxy names the client that it speaks for: version 1
// is a line of text, version 2 is binary (HAProxy's doc/proxy-protocol.txt). This file takes the bytes
// of a header and says what is in them; listen/proxy-reader.ts reads them from a connection. Everything
// that the specification does not allow is refused: a header can claim any address.
import { isIPv4, isIPv6 } from 'node:net';
import type { AbstractAddress, InetAddress, UnixAddress } from '../../address.ts';
import { EdgewiseError } from '../../errors.ts';
import { checksum } from './crc32c.ts';

/** The versions of the protocol, as the option `proxyProtocol` names them. */
export type ProxyProtocol = 'v1' | 'v2';

/** An address that a header names, in the form that `SocketAddress` takes. */
export type ProxyAddress = InetAddress | UnixAddress | AbstractAddress;

/** One of the type-length-value entries behind the addresses of a header of version 2. */
export interface ProxyTlv {
  /** 0 to 255: 0x01 is the ALPN, 0x02 the host name of TLS, 0x05 a unique id, 0x20 facts of TLS. */
  readonly type: number;
  /** A copy, which is the caller's. */
  readonly value: Uint8Array;
}

/** What a header of the PROXY protocol says; plain values, which structured clone takes. */
export interface ProxyHeader {
  /** 1 or 2. */
  readonly version: 1 | 2;
  /**
   * `'proxy'`: the addresses are those of the client. `'local'`: the proxy speaks for itself, as for
   * a health check (LOCAL). `'unknown'`: it does not know, or does not say (UNKNOWN, UNSPEC). With the
   * last two the addresses of the connection are those of its socket.
   */
  readonly command: 'proxy' | 'local' | 'unknown';
  /** Where the client is; undefined unless `'proxy'`, and for an unnamed Unix socket. */
  readonly source: ProxyAddress | undefined;
  /** What the client has connected to; undefined as `source`. */
  readonly destination: ProxyAddress | undefined;
  /** Version 2: the entries behind the addresses, but NOOP and the checksum. */
  readonly tlvs: readonly ProxyTlv[];
}

/** The longest line of version 1, its CRLF included. */
export const V1_BYTES_MAX = 107;
/** What each header of version 2 begins with: the signature, the command, the family, the length. */
export const V2_HEAD_BYTES = 16;
/** The longest header of version 2 that is read, of the 65,551 bytes that the format allows. */
export const V2_BYTES_MAX = 4096;

const V1_SIGNATURE = Buffer.from('PROXY ');
const V2_SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
const COMMAND_LOCAL = 0x20;
const COMMAND_PROXY = 0x21;
const UNIX_PATH_BYTES = 108;
/** Bytes of one address of a family, and of the port behind it. */
const SIZES: Readonly<Record<number, { readonly address: number; readonly port: number }>> = {
  0: { address: 0, port: 0 },
  1: { address: 4, port: 2 },
  2: { address: 16, port: 2 },
  3: { address: UNIX_PATH_BYTES, port: 0 },
};
const FAMILY_UNIX = 3;
/** UNSPEC alone has no transport; the others are streams (1) or datagrams (2). */
const TRANSPORT_MAX = 2;
const TLV_HEAD_BYTES = 3;
const TLV_CHECKSUM = 0x03;
const TLV_NOOP = 0x04;
const TLV_UNIQUE_ID = 0x05;
const UNIQUE_ID_BYTES_MAX = 128;
const CHECKSUM_BYTES = 4;

/** The error of a header that is wrong. */
export function invalidHeader(why: string): EdgewiseError {
  return new EdgewiseError('ERR_PROXY_HEADER_INVALID', `no valid PROXY header: ${why}`);
}

/**
 * Checks what has come so far: a client that speaks another protocol is known by its first bytes.
 *
 * @throws EdgewiseError - ERR_PROXY_HEADER_INVALID: no header of this version begins so.
 */
export function checkSignature(version: ProxyProtocol, bytes: Buffer): void {
  const signature = version === 'v1' ? V1_SIGNATURE : V2_SIGNATURE;
  const length = Math.min(bytes.length, signature.length);
  if (bytes.compare(signature, 0, length, 0, length) === 0) return;
  throw invalidHeader(`it does not begin as ${version} does`);
}

/**
 * The length of a header of version 2 by its first 16 bytes.
 *
 * @throws EdgewiseError - ERR_PROXY_HEADER_INVALID: longer than {@link V2_BYTES_MAX}.
 */
export function lengthOfV2(head: Buffer): number {
  const length = V2_HEAD_BYTES + head.readUInt16BE(14);
  if (length <= V2_BYTES_MAX) return length;
  throw invalidHeader(`it has ${length} bytes, more than ${V2_BYTES_MAX}`);
}

// ---- version 1 ----

const UNKNOWN: ProxyHeader = {
  version: 1,
  command: 'unknown',
  source: undefined,
  destination: undefined,
  tlvs: [],
};

function portOf(text: string | undefined): number {
  const isDecimal = text !== undefined && /^(0|[1-9]\d{0,4})$/.test(text);
  const port = isDecimal ? Number(text) : -1;
  if (port >= 0 && port <= 0xffff) return port;
  throw invalidHeader(`a port is ${JSON.stringify(text)}`);
}

function checkAddress(family: string, address: string | undefined): string {
  // A zone (%eth0) is of one machine, and none of this one.
  const isOne =
    family === 'TCP4'
      ? isIPv4(address ?? '')
      : isIPv6(address ?? '') && address?.includes('%') === false;
  if (isOne) return address as string;
  throw invalidHeader(`${JSON.stringify(address)} is no address of ${family}`);
}

/**
 * Takes a line of version 1 apart.
 *
 * @param line - up to and with its first line feed.
 * @throws EdgewiseError - ERR_PROXY_HEADER_INVALID.
 */
export function parseV1(line: Buffer): ProxyHeader {
  checkSignature('v1', line);
  const text = line.toString('latin1');
  if (line.length > V1_BYTES_MAX) throw invalidHeader(`more than ${V1_BYTES_MAX} bytes`);
  if (!text.endsWith('\r\n')) throw invalidHeader('the line does not end with CR LF');
  const body = text.slice(V1_SIGNATURE.length, -2);
  if (body === 'UNKNOWN' || body.startsWith('UNKNOWN ')) return UNKNOWN; // the rest is to be ignored
  const [family = '', source, destination, sourcePort, destinationPort, ...more] = body.split(' ');
  if (family !== 'TCP4' && family !== 'TCP6') {
    throw invalidHeader(`the family ${JSON.stringify(family)}`);
  }
  if (more.length > 0) throw invalidHeader('more than two addresses and two ports');
  return {
    version: 1,
    command: 'proxy',
    source: { address: checkAddress(family, source), port: portOf(sourcePort) },
    destination: { address: checkAddress(family, destination), port: portOf(destinationPort) },
    tlvs: [],
  };
}

// ---- version 2 ----

function inetAddress(bytes: Buffer, port: number): InetAddress {
  if (bytes.length === 4) return { address: bytes.join('.'), port };
  const groups = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(index * 2));
  return { address: groups.map((group) => group.toString(16)).join(':'), port };
}

// As sockaddr_un has it: up to the first zero byte; a name of the abstract namespace begins with one.
function unixAddress(bytes: Buffer): ProxyAddress | undefined {
  if (bytes[0] === 0) {
    const end = bytes.findLastIndex((byte) => byte !== 0) + 1;
    return end === 0 ? undefined : { abstract: Uint8Array.from(bytes.subarray(1, end)) };
  }
  const end = bytes.indexOf(0);
  if (end < 0) throw invalidHeader('a path without an end');
  return { path: Uint8Array.from(bytes.subarray(0, end)) };
}

function addressesOf(family: number, block: Buffer): (ProxyAddress | undefined)[] {
  if (family === FAMILY_UNIX) {
    return [0, UNIX_PATH_BYTES].map((at) => unixAddress(block.subarray(at, at + UNIX_PATH_BYTES)));
  }
  const size = (block.length - 4) / 2;
  return [0, 1].map((side) => {
    const bytes = block.subarray(side * size, (side + 1) * size);
    return inetAddress(bytes, block.readUInt16BE(2 * size + 2 * side));
  });
}

// The checksum is that of the header with four zero bytes in its place.
function checkChecksum(header: Buffer, at: number, length: number): void {
  if (length !== CHECKSUM_BYTES) throw invalidHeader('a checksum that has not 4 bytes');
  const copy = Buffer.from(header);
  copy.fill(0, at, at + CHECKSUM_BYTES);
  if (checksum(copy) !== header.readUInt32BE(at)) throw invalidHeader('the checksum differs');
}

function tlvsOf(header: Buffer, first: number): ProxyTlv[] {
  const tlvs: ProxyTlv[] = [];
  let hasChecksum = false;
  for (let at = first; at < header.length; ) {
    if (at + TLV_HEAD_BYTES > header.length) throw invalidHeader('an entry is cut short');
    const type = header[at] as number;
    const length = header.readUInt16BE(at + 1);
    const begin = at + TLV_HEAD_BYTES;
    at = begin + length;
    if (at > header.length) throw invalidHeader('an entry is longer than the header');
    if (type === TLV_UNIQUE_ID && length > UNIQUE_ID_BYTES_MAX) {
      throw invalidHeader(`a unique id of more than ${UNIQUE_ID_BYTES_MAX} bytes`);
    }
    if (type === TLV_CHECKSUM) {
      if (hasChecksum) throw invalidHeader('two checksums');
      hasChecksum = true;
      checkChecksum(header, begin, length);
    } else if (type !== TLV_NOOP) {
      tlvs.push({ type, value: Uint8Array.from(header.subarray(begin, at)) });
    }
  }
  return tlvs;
}

/**
 * Takes a header of version 2 apart.
 *
 * @param header - all of it, as long as {@link lengthOfV2} says.
 * @throws EdgewiseError - ERR_PROXY_HEADER_INVALID.
 */
export function parseV2(header: Buffer): ProxyHeader {
  checkSignature('v2', header);
  const isWhole = header.length >= V2_HEAD_BYTES && header.length === lengthOfV2(header);
  if (!isWhole) throw invalidHeader('it is not as long as it says');
  const command = header[12] as number;
  const nothing = { version: 2, source: undefined, destination: undefined, tlvs: [] } as const;
  // What follows is to be skipped, whatever family it names.
  if (command === COMMAND_LOCAL) return { ...nothing, command: 'local' };
  if (command !== COMMAND_PROXY) throw invalidHeader(`version and command 0x${hex(command)}`);
  const kind = header[13] as number;
  const size = SIZES[kind >> 4];
  const transport = kind & 0xf;
  const isKnown = size !== undefined && transport <= TRANSPORT_MAX;
  if (!isKnown || (kind >> 4 === 0) !== (transport === 0)) {
    throw invalidHeader(`family and transport 0x${hex(kind)}`);
  }
  const end = V2_HEAD_BYTES + 2 * (size.address + size.port);
  if (end > header.length) throw invalidHeader('it is too short for its addresses');
  const tlvs = tlvsOf(header, end);
  if (kind === 0) return { ...nothing, command: 'unknown', tlvs };
  const [source, destination] = addressesOf(kind >> 4, header.subarray(V2_HEAD_BYTES, end));
  return { version: 2, command: 'proxy', source, destination, tlvs };
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, '0');
}
