// Makes headers of version 2 of the PROXY protocol, right ones and wrong ones.
import { checksum } from '../../../src/net/socket/crc32c.ts';

export interface HeaderParts {
  /** Version and command. Default 0x21: PROXY. */
  readonly command?: number;
  /** Family and transport. Default 0x11: TCP over IPv4. */
  readonly family?: number;
  /** The addresses. Default: those of {@link SOURCE} and of 10.0.0.2:443; none for UNSPEC. */
  readonly block?: readonly number[];
  readonly tlvs?: readonly (readonly [type: number, text: string])[];
  /** Whatever follows the entries. */
  readonly tail?: readonly number[];
  readonly hasChecksum?: boolean;
}

/** The client of a header by default. */
export const SOURCE = { address: '10.0.0.1', port: 56_324 };
const BLOCK = [10, 0, 0, 1, 10, 0, 0, 2, 0xdc, 0x04, 0x01, 0xbb];
const SIGNATURE = '\r\n\r\n\0\r\nQUIT\n';
const CHECKSUM_TLV = [0x03, 0, 4, 0, 0, 0, 0];

export function headerV2(parts: HeaderParts = {}): Buffer {
  const { command = 0x21, family = 0x11, tlvs = [], tail = [], hasChecksum = false } = parts;
  const entries = tlvs.flatMap(([type, text]) => {
    const value = Buffer.from(text, 'latin1');
    return [type, value.length >> 8, value.length & 0xff, ...value];
  });
  const block = parts.block ?? (family === 0 ? [] : BLOCK);
  const body = Buffer.from([...block, ...entries, ...tail, ...(hasChecksum ? CHECKSUM_TLV : [])]);
  const head = Buffer.from(`${SIGNATURE}${String.fromCharCode(command, family)}\0\0`, 'latin1');
  head.writeUInt16BE(body.length, 14);
  const header = Buffer.concat([head, body]);
  if (hasChecksum) header.writeUInt32BE(checksum(header), header.length - 4);
  return header;
}
