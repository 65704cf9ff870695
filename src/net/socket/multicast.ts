// Multicast groups: the structures that the kernel wants for them, written by hand. An interface is
// named as people do ('eth0', or one of its IPv4 addresses); IPv4 wants its address (struct ip_mreq
// is the one form that all our systems have), IPv6 its index.
import { networkInterfaces } from 'node:os';
import { SocketAddress, slotOf } from '../../address.ts';
import { check, EdgewiseError, invalidType, invalidValue } from '../../errors.ts';
import * as sys from '../../sys/index.ts';
import { checkInteger, checkObject } from '../../validate.ts';

const { constants } = sys;
const { IPPROTO_IP, IPPROTO_IPV6 } = constants;

// Where addresses are in a slot: behind its length (8 bytes), as struct sockaddr_in and
// sockaddr_in6 have them on all our systems.
const IPV4_AT = 12;
const IPV6_AT = 16;
const SCOPE_AT = 32;
const SOCKADDR_AT = 8;
const SOCKADDR_IN6_BYTES = 28;
// struct group_source_req: an index, and two sockaddr_storage that begin where a pointer may.
const STORAGE_BYTES = 128;
const STORAGE_AT = /64|s390x/.test(process.arch) ? 8 : 4;

/** How a socket sends to groups. */
export interface MulticastOptions {
  /** How many routers may pass it on, 0 to 255. The systems begin with 1: this network only. */
  readonly ttl?: number | undefined;
  /** Whether sockets of this machine get it too. The systems begin with true. */
  readonly loop?: boolean | undefined;
  /** Which network interface to send through: its name, or for IPv4 one of its addresses. */
  readonly interface?: string | undefined;
}

function ipv4Bytes(address: string): Uint8Array {
  return slotOf(new SocketAddress({ address })).slice(IPV4_AT, IPV4_AT + 4);
}

function isIpv4(address: string): boolean {
  return new SocketAddress({ address }).family === 'IPv4';
}

function interfaceAddress(name: string | undefined): Uint8Array {
  if (name === undefined) return new Uint8Array(4); // the system chooses
  const found = networkInterfaces()[name]?.find(({ family }) => family === 'IPv4');
  return ipv4Bytes(found?.address ?? name);
}

// The kernel's number of an interface, as it is in the zone of a link-local address.
function interfaceIndex(name: string | undefined): Uint8Array {
  if (name === undefined) return new Uint8Array(4);
  const slot = slotOf(new SocketAddress({ address: `fe80::1%${name}` }));
  return slot.slice(SCOPE_AT, SCOPE_AT + 4);
}

function joined(...parts: Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

// struct ip_mreq_source.
function ipv4Source(group: string, on: Uint8Array, source: string): Uint8Array {
  const rest = [on, ipv4Bytes(source)];
  return joined(ipv4Bytes(group), ...(process.platform === 'linux' ? rest : rest.reverse()));
}

// struct group_source_req.
function ipv6Source(group: Uint8Array, scope: Uint8Array, source: string): Uint8Array {
  const request = new Uint8Array(STORAGE_AT + 2 * STORAGE_BYTES);
  const of = slotOf(new SocketAddress({ address: source }));
  request.set(scope);
  for (const [index, slot] of [group, of].entries()) {
    const sockaddr = slot.subarray(SOCKADDR_AT, SOCKADDR_AT + SOCKADDR_IN6_BYTES);
    request.set(sockaddr, STORAGE_AT + index * STORAGE_BYTES);
  }
  return request;
}

function checkName(name: unknown): string | undefined {
  if (name === undefined || typeof name === 'string') return name;
  throw invalidType('interface', 'a string', name);
}

function set(fd: number, level: number, option: number, value: number | Uint8Array): void {
  check(sys.setsockopt(fd, level, option, value), 'setsockopt', { fd });
}

/**
 * Joins a group, or leaves it.
 *
 * @param fd - a datagram socket of the family of the group.
 * @param group - a multicast address, as text.
 * @param on - the name of an interface, or for IPv4 one of its addresses; undefined: the system
 *   chooses.
 * @param source - the only sender to receive from; undefined: any.
 * @throws TypeError - ERR_INVALID_ARG_VALUE: not an IP address, or no such interface.
 * @throws ErrnoError - EADDRINUSE: joined already. EADDRNOTAVAIL: not joined, or no address of ours.
 *   ENODEV: no interface for it. EINVAL: not a multicast address. ENOBUFS: too many.
 * @throws EdgewiseError - ERR_OPTION_UNSUPPORTED: `source` with IPv6, on NetBSD and OpenBSD.
 * @see ip(7) "IP_ADD_MEMBERSHIP", "IP_ADD_SOURCE_MEMBERSHIP", ipv6(7) "IPV6_ADD_MEMBERSHIP"
 */
export function setMembership(
  fd: number,
  group: string,
  on: string | undefined,
  source: string | undefined,
  isJoin: boolean,
): void {
  if (typeof group !== 'string') throw invalidType('group', 'a string', group);
  if (source !== undefined && typeof source !== 'string') {
    throw invalidType('source', 'a string', source);
  }
  const name = checkName(on);
  if (isIpv4(group)) setIpv4Membership(fd, group, name, source, isJoin);
  else setIpv6Membership(fd, group, name, source, isJoin);
}

function setIpv4Membership(
  fd: number,
  group: string,
  name: string | undefined,
  source: string | undefined,
  isJoin: boolean,
): void {
  const on = interfaceAddress(name);
  if (source === undefined) {
    const option = isJoin ? constants.IP_ADD_MEMBERSHIP : constants.IP_DROP_MEMBERSHIP;
    set(fd, IPPROTO_IP, option, joined(ipv4Bytes(group), on));
    return;
  }
  if (!isIpv4(source)) throw invalidValue('source', 'of the family of the group', source);
  const { IP_ADD_SOURCE_MEMBERSHIP, IP_DROP_SOURCE_MEMBERSHIP } = constants;
  const option = isJoin ? IP_ADD_SOURCE_MEMBERSHIP : IP_DROP_SOURCE_MEMBERSHIP;
  set(fd, IPPROTO_IP, supported(option), ipv4Source(group, on, source));
}

function setIpv6Membership(
  fd: number,
  group: string,
  name: string | undefined,
  source: string | undefined,
  isJoin: boolean,
): void {
  const slot = slotOf(new SocketAddress({ address: group }));
  const scope = name === undefined ? slot.slice(SCOPE_AT, SCOPE_AT + 4) : interfaceIndex(name);
  if (source === undefined) {
    const option = isJoin ? constants.IPV6_JOIN_GROUP : constants.IPV6_LEAVE_GROUP;
    set(fd, IPPROTO_IPV6, option, joined(slot.slice(IPV6_AT, IPV6_AT + 16), scope));
    return;
  }
  if (isIpv4(source)) throw invalidValue('source', 'of the family of the group', source);
  const { MCAST_JOIN_SOURCE_GROUP, MCAST_LEAVE_SOURCE_GROUP } = constants;
  const option = isJoin ? MCAST_JOIN_SOURCE_GROUP : MCAST_LEAVE_SOURCE_GROUP;
  set(fd, IPPROTO_IPV6, supported(option), ipv6Source(slot, scope, source));
}

function supported(option: number | undefined): number {
  if (option !== undefined) return option;
  const message = 'this system has no memberships for one source';
  throw new EdgewiseError('ERR_OPTION_UNSUPPORTED', message);
}

/**
 * Sets how a socket sends to groups.
 *
 * @throws TypeError, RangeError - a value of the wrong kind. ErrnoError - the kernel refuses it.
 * @see ip(7) "IP_MULTICAST_TTL", ipv6(7) "IPV6_MULTICAST_HOPS"
 */
export function setMulticastOptions(
  fd: number,
  family: SocketAddress['family'],
  options: MulticastOptions,
): void {
  checkObject('options', options);
  if (family !== 'IPv4' && family !== 'IPv6') {
    throw invalidValue('socket', 'an IPv4 or IPv6 socket', family);
  }
  const isV4 = family === 'IPv4';
  const level = isV4 ? IPPROTO_IP : IPPROTO_IPV6;
  // OpenBSD wants a byte where IPv4 has these two, and every other system takes one.
  const small = (value: number) => (isV4 ? Uint8Array.of(value) : value);
  const { ttl, loop } = options;
  if (ttl !== undefined) {
    const option = isV4 ? constants.IP_MULTICAST_TTL : constants.IPV6_MULTICAST_HOPS;
    set(fd, level, option, small(checkInteger('ttl', ttl, 0, 255)));
  }
  if (loop !== undefined) {
    if (typeof loop !== 'boolean') throw invalidType('loop', 'a boolean', loop);
    const option = isV4 ? constants.IP_MULTICAST_LOOP : constants.IPV6_MULTICAST_LOOP;
    set(fd, level, option, small(loop ? 1 : 0));
  }
  const name = checkName(options.interface);
  if (name === undefined) return;
  const option = isV4 ? constants.IP_MULTICAST_IF : constants.IPV6_MULTICAST_IF;
  set(fd, level, option, isV4 ? interfaceAddress(name) : interfaceIndex(name));
}
