// The file of a trace: as it is documented, whole or not at all, and refused when it is none.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Interest, Reactor } from '../../src/index.ts';
import * as sys from '../../src/sys/index.ts';
import { decodeTrace, encodeTrace, Kind, type TraceData } from '../../src/trace/index.ts';
import { useDescriptors } from '../helpers/descriptors.ts';

const descriptors = useDescriptors();
let reactor: Reactor;
let folder: string;
beforeEach(() => {
  reactor = new Reactor();
  folder = mkdtempSync(join(tmpdir(), 'trace-'));
});
afterEach(() => {
  reactor.close();
  rmSync(folder, { recursive: true });
});

const nothing = () => undefined;

function recorded(): TraceData {
  const [a, b] = descriptors.socketpair();
  const trace = reactor.trace({ level: 'calls' });
  reactor.register(
    b,
    Interest.Readable | Interest.Writable,
    { onReady: nothing },
    { trigger: 'edge' },
  );
  sys.send(a, Buffer.from('hello'));
  reactor.turn(0);
  trace.mark('end');
  return trace.snapshot();
}

it('is read as it was written, by whatever reactor', () => {
  const data = recorded();
  expect(decodeTrace(encodeTrace(data))).toEqual(data);
  const two = { ...data, streams: [...data.streams, ...data.streams] };
  expect(decodeTrace(encodeTrace(two))).toEqual(two);
});

it('is as docs/trace.md has it, byte by byte', () => {
  const page = readFileSync(new URL('../../docs/trace.md', import.meta.url), 'utf8');
  const dump = page.slice(page.lastIndexOf('```\n', page.length - 5) + 4);
  const rows = dump.match(/^([0-9a-f]{2} )+/gm) ?? [];
  const expected = rows.map((row) => row.replaceAll(' ', '')).join('');
  const column = Int32Array.of(20, 20, 20);
  const block = {
    length: 3,
    open: [],
    kind: Uint8Array.of(Kind.Report, Kind.HandlerBegin, Kind.HandlerEnd),
    fd: column,
    slot: Uint32Array.of(1, 1, 1),
    generation: new Uint32Array(3),
    a: Int32Array.of(1, 1, 5),
    b: Int32Array.of(1, 1, 0),
    time: Float64Array.of(1e9, 1e9, 1e9 + 2500),
  };
  const [stream] = recorded().streams;
  const data = { streams: [{ ...stream, blocks: [block] }] } as unknown as TraceData;
  const body = gunzipSync(encodeTrace(data).subarray(8));
  expect(body.subarray(4 + body.readUInt32LE(0)).toString('hex')).toBe(expected);
});

it('is refused when it is foreign, or not whole', () => {
  const bytes = encodeTrace(recorded());
  const refused = { code: 'ERR_TRACE_INVALID' };
  expect(() => decodeTrace(Buffer.from('#!/bin/sh'))).toThrow(expect.objectContaining(refused));
  expect(() => decodeTrace(Buffer.alloc(0))).toThrow(expect.objectContaining(refused));
  for (let length = 8; length < bytes.length; length += 7) {
    expect(() => decodeTrace(bytes.subarray(0, length))).toThrow(expect.objectContaining(refused));
  }
  const lies = Buffer.concat([
    Buffer.from('EDGTRC1\n'),
    gzipSync(Buffer.from([255, 255, 0, 0, 1])),
  ]);
  expect(() => decodeTrace(lies)).toThrow(expect.objectContaining(refused));
});

it('is written whole or not at all', () => {
  const trace = reactor.trace();
  const path = join(folder, 'a.edgetrace');
  trace.write(path);
  expect(decodeTrace(readFileSync(path)).streams).toHaveLength(1);
  expect(() => trace.write(join(folder, 'none', 'a'))).toThrow(
    expect.objectContaining({ code: 'ENOENT', syscall: 'open' }),
  );
  writeFileSync(join(folder, 'file'), '');
  expect(() => trace.write(join(folder, 'file', 'a'))).toThrow(
    expect.objectContaining({ code: 'ENOTDIR' }),
  );
  expect(readdirSync(folder)).toEqual(['a.edgetrace', 'file']);
});

it('is not written over by a trace that fails', () => {
  const trace = reactor.trace();
  expect(() => trace.write('/dev/full/a')).toThrow(expect.objectContaining({ code: 'ENOTDIR' }));
  expect(existsSync('/dev/full/a')).toBe(false);
});
