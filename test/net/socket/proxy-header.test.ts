// What a header of the PROXY protocol says, and what is refused: HAProxy's doc/proxy-protocol.txt.
import { describe, expect, it } from 'vitest';
import { SocketAddress } from '../../../src/address.ts';
import { checksum } from '../../../src/net/socket/crc32c.ts';
import { parseV1, parseV2, V2_BYTES_MAX } from '../../../src/net/socket/proxy-header.ts';
import { Random, seedOfRun } from '../../helpers/random.ts';
import { type HeaderParts, headerV2 } from './proxy-headers.ts';

const FFFF = 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff';
const invalid = expect.objectContaining({ code: 'ERR_PROXY_HEADER_INVALID' });
const v1 = (line: string) => parseV1(Buffer.from(line, 'latin1'));
const v2 = (parts: HeaderParts) => parseV2(headerV2(parts));

describe('checksum', () => {
  it('is CRC-32C: the check value of the catalogue, and the vectors of RFC 3720', () => {
    expect(checksum(Buffer.from('123456789'))).toBe(0xe3069283);
    expect(checksum(Buffer.alloc(32))).toBe(0x8a9136aa);
    expect(checksum(Buffer.alloc(32, 0xff))).toBe(0x62a8ab43);
    expect(checksum(Buffer.from(Array.from({ length: 32 }, (_, i) => i)))).toBe(0x46dd794e);
  });
});

describe('version 1', () => {
  it.each([
    ['TCP4', '255.255.255.255', 56],
    ['TCP6', FFFF, 104],
  ])("takes the specification's longest line of %s", (family, address, length) => {
    const line = `PROXY ${family} ${address} ${address} 65535 65535\r\n`;
    expect(line).toHaveLength(length);
    const place = { address, port: 65_535 };
    expect(v1(line)).toMatchObject({ command: 'proxy', source: place, destination: place });
  });

  it.each(['PROXY UNKNOWN\r\n', `PROXY UNKNOWN ${FFFF} ${FFFF} 65535 65535\r\n`])(
    "takes the specification's %j as unknown",
    (line) => {
      expect(line.length).toBeLessThanOrEqual(107);
      expect(v1(line)).toMatchObject({ version: 1, command: 'unknown', source: undefined });
    },
  );

  it.each([
    ['no CR', 'PROXY TCP4 1.2.3.4 1.2.3.5 1 2\n'],
    ['no end', 'PROXY TCP4 1.2.3.4 1.2.3.5 1 2'],
    ['another word', 'proxy TCP4 1.2.3.4 1.2.3.5 1 2\r\n'],
    ['another family', 'PROXY UDP4 1.2.3.4 1.2.3.5 1 2\r\n'],
    ['UNKNOWN that goes on', 'PROXY UNKNOWNS\r\n'],
    ['the addresses of the other family', 'PROXY TCP6 1.2.3.4 1.2.3.5 1 2\r\n'],
    ['the addresses of the other family', 'PROXY TCP4 ::1 ::1 1 2\r\n'],
    ['a zero in front in an address', 'PROXY TCP4 1.2.3.04 1.2.3.5 1 2\r\n'],
    ['a zone', 'PROXY TCP6 fe80::1%lo fe80::2 1 2\r\n'],
    ['a zero in front in a port', 'PROXY TCP4 1.2.3.4 1.2.3.5 01 2\r\n'],
    ['a port that is too large', 'PROXY TCP4 1.2.3.4 1.2.3.5 65536 2\r\n'],
    ['a sign', 'PROXY TCP4 1.2.3.4 1.2.3.5 +1 2\r\n'],
    ['two spaces', 'PROXY TCP4  1.2.3.4 1.2.3.5 1 2\r\n'],
    ['a tab', 'PROXY\tTCP4 1.2.3.4 1.2.3.5 1 2\r\n'],
    ['a space at the end', 'PROXY TCP4 1.2.3.4 1.2.3.5 1 2 \r\n'],
    ['three ports', 'PROXY TCP4 1.2.3.4 1.2.3.5 1 2 3\r\n'],
    ['a missing port', 'PROXY TCP4 1.2.3.4 1.2.3.5 1\r\n'],
    ['nothing', 'PROXY \r\n'],
    ['108 bytes', `PROXY UNKNOWN ${'x'.repeat(92)}\r\n`],
  ])('refuses %s: %j', (_, line) => {
    expect(() => v1(line)).toThrow(invalid);
  });
});

describe('version 2', () => {
  it('takes IPv4, IPv6 and Unix addresses, of streams and of datagrams', () => {
    const four = { family: 0x11, block: [10, 0, 0, 1, 10, 0, 0, 2, 0xdc, 0x04, 0x01, 0xbb] };
    const addresses = {
      source: { address: '10.0.0.1', port: 56_324 },
      destination: { address: '10.0.0.2', port: 443 },
    };
    expect(v2(four)).toMatchObject({ version: 2, command: 'proxy', ...addresses, tlvs: [] });
    expect(v2({ ...four, family: 0x12 })).toMatchObject(addresses);
    const six = [...Buffer.from('20010db8000000000000000000000001', 'hex')];
    const { source } = v2({ family: 0x21, block: [...six, ...six, 0, 80, 1, 187] });
    expect(new SocketAddress(source).toString()).toBe('[2001:db8::1]:80');
    const path = Buffer.alloc(108);
    path.write('/run/client');
    const unix = v2({ family: 0x31, block: [...path, ...Buffer.alloc(108)] });
    expect(new SocketAddress(unix.source).path).toBe('/run/client');
    expect(unix).toMatchObject({ command: 'proxy', destination: undefined });
    const abstract = Buffer.alloc(108);
    abstract.write('\0name');
    const named = v2({ family: 0x32, block: [...path, ...abstract] });
    expect(new SocketAddress(named.destination).toString()).toBe('@name');
  });

  it('takes LOCAL with whatever follows, and UNSPEC as unknown', () => {
    expect(v2({ command: 0x20, family: 0 })).toMatchObject({ command: 'local', tlvs: [] });
    expect(v2({ command: 0x20, family: 0x99, block: [1, 2, 3] })).toMatchObject({
      command: 'local',
    });
    const unknown = v2({ family: 0, tlvs: [[0x02, 'example.org']] });
    expect(unknown).toMatchObject({ command: 'unknown', source: undefined });
    expect(unknown.tlvs).toEqual([{ type: 2, value: Uint8Array.from(Buffer.from('example.org')) }]);
  });

  it('keeps entries in order, but NOOP and the checksum, and checks that', () => {
    const parts: HeaderParts = {
      tlvs: [
        [0x01, 'h2'],
        [0x04, '\0\0'],
        [0xe0, 'own'],
      ],
      hasChecksum: true,
    };
    expect(v2(parts).tlvs.map(({ type }) => type)).toEqual([1, 0xe0]);
    const header = headerV2(parts);
    const checksumType = header.length - 7; // as another type it says nothing, and is an entry like others
    for (let at = 16; at < header.length; at++) {
      if (at === checksumType) continue;
      const damaged = Buffer.from(header);
      damaged[at] = (damaged[at] as number) ^ 0x10;
      expect(() => parseV2(damaged), `byte ${at}`).toThrow(invalid);
    }
  });

  it.each<[string, HeaderParts]>([
    ['version 1 in binary', { command: 0x11 }],
    ['version 3', { command: 0x31 }],
    ['an unknown command', { command: 0x22 }],
    ['an unknown family', { family: 0x41 }],
    ['an unknown transport', { family: 0x13 }],
    ['a transport without a family', { family: 0x01 }],
    ['a family without a transport', { family: 0x10 }],
    ['too few bytes for the addresses', { block: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11] }],
    ['a path without an end', { family: 0x31, block: Array(216).fill(0x61) }],
    ['half a head of an entry', { tail: [0x02, 0] }],
    ['an entry beyond the end', { tail: [0x02, 0, 9, 1] }],
    ['a unique id that is too long', { tlvs: [[0x05, 'x'.repeat(129)]] }],
    ['a short checksum', { tlvs: [[0x03, 'abc']] }],
    ['two checksums', { tlvs: [[0x03, '\0\0\0\0']], hasChecksum: true }],
    ['more bytes than are read', { tlvs: [[0xe0, 'x'.repeat(V2_BYTES_MAX)]] }],
  ])('refuses %s', (_, parts) => {
    expect(() => v2(parts)).toThrow(invalid);
  });

  it('refuses each header that is cut, and one with a byte too many', () => {
    const header = headerV2({ tlvs: [[0x01, 'h2']] });
    for (let length = 0; length < header.length; length++) {
      expect(() => parseV2(header.subarray(0, length)), `${length} bytes`).toThrow(invalid);
    }
    expect(() => parseV2(Buffer.concat([header, Buffer.alloc(1)]))).toThrow(invalid);
  });
});

describe('any bytes', () => {
  const seed = seedOfRun();

  it(`give a header that SocketAddress takes, or the one error (seed ${seed})`, () => {
    const random = new Random(seed);
    const lines = ['PROXY TCP4 1.2.3.4 5.6.7.8 1 65535\r\n', `PROXY TCP6 ::1 ${FFFF} 1 2\r\n`];
    const unix = Buffer.alloc(216, 'x\0');
    const sources = [
      ...lines.map((line) => Buffer.from(line)),
      headerV2({
        tlvs: [
          [0x01, 'h2'],
          [0x20, 'some facts of TLS'],
        ],
      }),
      headerV2({ family: 0x31, block: [...unix], tlvs: [[0x05, 'id']] }),
    ];
    const counts = { accepted: 0, refused: 0 };
    for (let round = 0; round < 20_000; round++) {
      const source = random.pick(sources);
      const bytes = Buffer.from(source.subarray(0, source.length - random.below(3)));
      for (let changes = random.below(3); changes > 0; changes--) {
        bytes[random.below(bytes.length)] = random.below(256);
      }
      try {
        const header = source[0] === 0x0d ? parseV2(bytes) : parseV1(bytes);
        for (const address of [header.source, header.destination]) new SocketAddress(address);
        structuredClone(header);
        counts.accepted++;
      } catch (error) {
        expect(error, bytes.toString('latin1')).toEqual(invalid);
        counts.refused++;
      }
    }
    expect(Math.min(counts.accepted, counts.refused)).toBeGreaterThan(1000);
  });
});
