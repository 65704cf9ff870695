// The export for Perfetto: it is read back by an implementation of Protocol Buffers that is not ours.
import { fileURLToPath } from 'node:url';
import protobuf from 'protobufjs';
import { describe, expect, it } from 'vitest';
import type { TraceData } from '../../src/trace/index.ts';
import { modelOf, perfettoOf } from '../../src/view/index.ts';
import { ProtoWriter } from '../../src/view/proto.ts';
import { useDescriptors } from '../helpers/descriptors.ts';
import { awkward, recorded } from './exports.ts';

interface Annotation {
  readonly name: string;
  readonly intValue?: number;
  readonly stringValue?: string;
}

interface Event {
  readonly type: 'TYPE_SLICE_BEGIN' | 'TYPE_SLICE_END' | 'TYPE_INSTANT' | 'TYPE_COUNTER';
  readonly trackUuid: number;
  readonly name?: string;
  readonly categories?: readonly string[];
  readonly counterValue?: number;
  readonly debugAnnotations?: readonly Annotation[];
}

interface Descriptor {
  readonly uuid: number;
  readonly name: string;
  readonly parentUuid?: number;
  readonly process?: object;
  readonly thread?: object;
  readonly counter?: object;
}

interface Packet {
  readonly timestamp?: number;
  readonly timestampClockId?: number;
  readonly trustedPacketSequenceId: number;
  readonly clockSnapshot?: object;
  readonly trackDescriptor?: Descriptor;
  readonly trackEvent?: Event;
}

const MONOTONIC = 3;
const descriptors = useDescriptors();
const schema = protobuf.loadSync(fileURLToPath(new URL('perfetto.proto', import.meta.url)));
const Trace = schema.lookupType('perfetto.protos.Trace');

function packetsOf(trace: TraceData): Packet[] {
  const bytes = perfettoOf(modelOf(trace));
  const message = Trace.decode(bytes);
  const { packet } = Trace.toObject(message, { longs: Number, enums: String });
  // Nothing is in the file that the schema does not have: what is decoded is as long as what was read.
  expect(Trace.encode(message).finish().length).toBe(bytes.length);
  return packet;
}

const eventsOf = (packets: readonly Packet[]) =>
  packets.filter((packet) => packet.trackEvent !== undefined);
const tracksOf = (packets: readonly Packet[]) =>
  packets.flatMap(({ trackDescriptor }) => trackDescriptor ?? []);

const TRACES: readonly [string, () => TraceData][] = [
  ['events', () => recorded(descriptors, 'events')],
  ['timed', () => recorded(descriptors, 'timed')],
  ['calls', () => recorded(descriptors, 'calls')],
  ['awkward', () => awkward().trace()],
];

describe.each(TRACES)('a trace: %s', (_, make) => {
  it('begins with its clocks, and says of each event by which of them it is', () => {
    const trace = make();
    const [first, ...others] = packetsOf(trace);
    expect(first?.clockSnapshot).toMatchObject({
      primaryTraceClock: 'BUILTIN_CLOCK_MONOTONIC',
      clocks: [
        { clockId: MONOTONIC, timestamp: Math.round(trace.takenAtNs) },
        { clockId: 1, timestamp: trace.takenAtMs * 1e6 },
      ],
    });
    for (const { timestampClockId } of eventsOf(others)) expect(timestampClockId).toBe(MONOTONIC);
  });

  it('describes each track once, before its first event, behind its parent', () => {
    const known = new Set<number>();
    for (const { trackDescriptor, trackEvent } of packetsOf(make())) {
      if (trackDescriptor !== undefined) {
        const { uuid, parentUuid = 0, name } = trackDescriptor;
        expect(known.has(uuid)).toBe(false);
        expect(known.size === 0 || known.has(parentUuid)).toBe(true);
        expect([uuid > 0, name.length > 0]).toEqual([true, true]);
        known.add(uuid);
      }
      if (trackEvent !== undefined) expect(known.has(trackEvent.trackUuid)).toBe(true);
    }
  });

  it('has an end for each beginning, in order, and times that do not go back', () => {
    const open = new Map<number, number>();
    const last = new Map<number, number>();
    const packets = eventsOf(packetsOf(make()));
    expect(packets.length).toBeGreaterThan(10);
    for (const { timestamp = 0, trackEvent, trustedPacketSequenceId } of packets) {
      const { trackUuid, type, name, categories } = trackEvent as Event;
      expect(trustedPacketSequenceId).toBeGreaterThan(0);
      expect(timestamp).toBeGreaterThanOrEqual(last.get(trackUuid) ?? 0);
      last.set(trackUuid, timestamp);
      const depth = open.get(trackUuid) ?? 0;
      if (type === 'TYPE_SLICE_BEGIN') open.set(trackUuid, depth + 1);
      if (type === 'TYPE_SLICE_END') {
        expect(depth).toBeGreaterThan(0);
        open.set(trackUuid, depth - 1);
      } else if (type !== 'TYPE_COUNTER') {
        expect([name?.length, categories?.length]).not.toContain(0);
      }
    }
    expect([...open.values()].every((depth) => depth === 0)).toBe(true);
  });
});

it('reactors are under their thread, lanes under their reactor, with number, slot and label', () => {
  const trace = recorded(descriptors, 'calls');
  const packets = packetsOf(trace);
  const tracks = tracksOf(packets);
  const [process, thread, reactor] = tracks;
  expect(process?.process).toEqual({ pid: trace.pid, processName: `node ${trace.pid}` });
  expect(thread?.thread).toMatchObject({ pid: trace.pid, tid: trace.pid });
  const reactors = tracks.filter(({ parentUuid }) => parentUuid === thread?.uuid);
  expect(reactors.map(({ name }) => name.split(',')[0])).toEqual(['reactor 1', 'reactor 2']);
  const lanes = tracks.filter(({ parentUuid }) => parentUuid === reactor?.uuid);
  expect(lanes.map(({ name }) => name)).toEqual([
    expect.stringMatching(/^fd \d+ \[\d+\.0\] client "7"$/),
    expect.stringMatching(/^fd \d+ \[\d+\.0\]$/),
  ]);
  const sequences = eventsOf(packets).map((packet) => packet.trustedPacketSequenceId);
  expect([...new Set(sequences)]).toEqual([1, 2]);
});

it('a call has its result and what it asked for, and each event its sentence', () => {
  const events = eventsOf(packetsOf(awkward().trace())).map(({ trackEvent }) => trackEvent);
  const failed = events.find((event) => event?.name === 'send');
  expect(failed?.debugAnnotations).toEqual([
    { name: 'what', stringValue: expect.stringContaining('EPIPE') },
    { name: 'event', intValue: expect.any(Number) },
    { name: 'result', intValue: -32 },
    { name: 'asked', intValue: 10 },
  ]);
});

it('bytes that wait to be written are a counter', () => {
  const packets = packetsOf(awkward().trace());
  const counter = tracksOf(packets).find(({ counter }) => counter !== undefined);
  expect(counter).toMatchObject({ counter: { unit: 'UNIT_SIZE_BYTES' } });
  const values = eventsOf(packets).flatMap(({ trackEvent }) =>
    trackEvent?.trackUuid === counter?.uuid ? trackEvent?.counterValue : [],
  );
  expect(values).toEqual([100, 2 ** 31 - 1, 0]);
});

it('a number that is used again has another track', () => {
  const names = tracksOf(packetsOf(awkward().trace())).map(({ name }) => name);
  expect(names.filter((name) => name.startsWith('fd 9 ') && !name.includes('bytes'))).toEqual([
    'fd 9 [1.0]',
    'fd 9 [1.1] a\u0007"b',
  ]);
});

it.each([0, 127, 128, 2 ** 31, 2 ** 32, 2 ** 53 - 1, -1, -128, -(2 ** 31)])(
  'the integer %d is read as it was written',
  (value) => {
    const bytes = new ProtoWriter().integer(30, value).finish();
    const event = schema.lookupType('perfetto.protos.TrackEvent');
    const read = event.toObject(event.decode(bytes), { longs: Number });
    expect(read).toEqual({ counterValue: value });
  },
);
