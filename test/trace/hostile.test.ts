// Files that are damaged, of another version, or made to do harm: read as far as they make sense, or
// refused by one error, and never a crash or memory for bytes that are not there.
import { gunzipSync, gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { Interest, Reactor } from '../../src/index.ts';
import * as sys from '../../src/sys/index.ts';
import { decodeTrace, encodeTrace, type TraceData } from '../../src/trace/index.ts';
import { chromeOf, differenceOf, modelOf, perfettoOf, textOf } from '../../src/view/index.ts';
import { useDescriptors } from '../helpers/descriptors.ts';
import { Random, seedOfRun } from '../helpers/random.ts';

const descriptors = useDescriptors();
const MAGIC = 'EDGTRC1\n';
const FLIPS = 300;

function recorded(): TraceData {
  const reactor = descriptors.using(new Reactor());
  const [a, b] = descriptors.socketpair();
  const trace = reactor.trace({ level: 'calls' });
  const onReady = () => void sys.recv(b, Buffer.alloc(9));
  reactor.register(b, Interest.Readable, { onReady }, { trigger: 'edge' });
  trace.label(b, 'client');
  for (let turn = 0; turn < 5; turn++) {
    sys.send(a, Buffer.from('hello'));
    reactor.turn(0);
  }
  return trace.snapshot();
}

const packed = (body: Uint8Array) => Buffer.concat([Buffer.from(MAGIC), gzipSync(body)]);
const bodyOf = (trace: TraceData) => gunzipSync(encodeTrace(trace).subarray(MAGIC.length));

/** The header is replaced, and the columns stay. */
function withHeader(change: (header: Record<string, unknown>) => unknown): Buffer {
  const body = bodyOf(recorded());
  const end = 4 + body.readUInt32LE(0);
  const header = JSON.parse(body.toString('utf8', 4, end)) as Record<string, unknown>;
  const changed = Buffer.from(JSON.stringify(change(header)));
  const length = Buffer.from(Uint32Array.of(changed.length).buffer);
  return packed(Buffer.concat([length, changed, body.subarray(end)]));
}

/** @returns whether it was read. What is read can be shown. */
function canRead(bytes: Uint8Array): boolean {
  let trace: TraceData;
  try {
    trace = decodeTrace(bytes);
  } catch (error) {
    expect(error).toMatchObject({ name: 'EdgewiseError', code: 'ERR_TRACE_INVALID' });
    return false;
  }
  const model = modelOf(trace);
  expect(textOf(model).length).toBeGreaterThan(0);
  expect(JSON.parse(chromeOf(model))).toHaveProperty('traceEvents');
  expect(perfettoOf(model).length).toBeGreaterThan(0);
  expect(differenceOf(trace, trace)).toEqual([]);
  return true;
}

function flipped(bytes: Buffer, random: Random): Buffer {
  const copy = Buffer.from(bytes);
  for (let flips = 1 + random.below(3); flips > 0; flips--) {
    const at = random.below(copy.length);
    copy[at] = (copy[at] as number) ^ (1 << random.below(8));
  }
  return copy;
}

it.each([
  ['of the file', (bytes: Buffer, random: Random) => flipped(bytes, random), false],
  [
    'of what is packed in it',
    (bytes: Buffer, random: Random) =>
      packed(flipped(gunzipSync(bytes.subarray(MAGIC.length)), random)),
    true,
  ],
])('bits %s that are flipped', (_, damage, isReadAtTimes) => {
  const random = new Random(seedOfRun());
  const bytes = encodeTrace(recorded());
  let read = 0;
  for (let round = 0; round < FLIPS; round++) {
    if (canRead(damage(bytes, random))) read++;
  }
  expect(read).toBeLessThan(FLIPS);
  if (isReadAtTimes) expect(read).toBeGreaterThan(0);
});

it('a newer format is named', () => {
  const bytes = withHeader((header) => ({ ...header, format: 2 }));
  expect(() => decodeTrace(bytes)).toThrow('the trace cannot be read: its format is 2, and not 1');
});

const stream = (change: object) => (header: Record<string, unknown>) => {
  const [first] = header.streams as object[];
  return { ...header, streams: [{ ...first, ...change }] };
};

it.each<[string, (header: Record<string, unknown>) => unknown]>([
  ['no object', () => 7],
  ['null', () => null],
  ['nothing but a format', () => ({ format: 1 })],
  ['names that are numbers', (header) => ({ ...header, calls: [1] })],
  ['errors that are a list', (header) => ({ ...header, errors: [] })],
  ['a time that is a text', (header) => ({ ...header, takenAtNs: 'now' })],
  ['streams that are none', (header) => ({ ...header, streams: [null] })],
  ['texts that are objects', stream({ texts: [{}] })],
  ['blocks that are a text', stream({ blocks: 'many' })],
  ['a length below 0', stream({ blocks: [{ length: -1, open: 0 }] })],
  ['a length that is no whole number', stream({ blocks: [{ length: 0.5, open: 0 }] })],
  ['a length without end', stream({ blocks: [{ length: 2 ** 52, open: 0 }] })],
  ['registrations without end', stream({ blocks: [{ length: 0, open: 2 ** 32 }] })],
  [
    'more blocks than bytes',
    stream({ blocks: Array.from({ length: 9999 }, () => ({ length: 4096, open: 0 })) }),
  ],
])('a header with %s is refused', (_, change) => {
  expect(canRead(withHeader((header) => header))).toBe(true);
  expect(canRead(withHeader(change))).toBe(false);
});

it('times that are none are refused', () => {
  const trace = recorded();
  for (const time of [Number.NaN, Number.POSITIVE_INFINITY, -1]) {
    (trace.streams[0]?.blocks[0]?.time as Float64Array)[3] = time;
    expect(canRead(encodeTrace(trace))).toBe(false);
  }
});

it('a small file that unpacks to gigabytes is refused before it does', () => {
  const zeros = gzipSync(Buffer.alloc(1 << 24));
  const bomb = Buffer.concat([
    Buffer.from(MAGIC),
    ...Array.from({ length: 200 }, () => zeros), // members that follow each other are one text
  ]);
  const before = process.memoryUsage().rss;
  expect(canRead(bomb)).toBe(false);
  expect(process.memoryUsage().rss - before).toBeLessThan(1 << 30);
});
