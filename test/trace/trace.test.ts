// What a trace records, drops, writes and reads.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Interest, Reactor, Readiness } from '../../src/index.ts';
import { native } from '../../src/native.ts';
import * as sys from '../../src/sys/index.ts';
import {
  BLOCK_LENGTH,
  decodeTrace,
  encodeTrace,
  eventsOf,
  KIND_NAMES,
  Kind,
  Outcome,
  type Trace,
  type TraceData,
} from '../../src/trace/index.ts';
import { sentenceOf } from '../../src/view/index.ts';
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

function events(trace: Trace | TraceData) {
  const data = 'snapshot' in trace ? trace.snapshot() : trace;
  return data.streams.flatMap((stream) => [...eventsOf(stream)]);
}

/** `kind(fd)` of each event. */
function story(trace: Trace | TraceData): string[] {
  return events(trace).map(({ kind, fd }) => `${KIND_NAMES[kind]}(${fd})`);
}

describe('what is recorded', () => {
  it('a turn, from the wait to the end of the handler', () => {
    const [a, b] = descriptors.socketpair();
    const trace = reactor.trace();
    reactor.register(b, Interest.Readable, {
      onReady(_, registration) {
        sys.recv(b, Buffer.alloc(64));
        registration.charge(5);
      },
    });
    sys.send(a, Buffer.from('hello'));
    reactor.turn(0);
    expect(story(trace)).toEqual([
      `register(${b})`,
      'wait-end(-1)',
      `report(${b})`,
      `handler-begin(${b})`,
      `handler-end(${b})`,
    ]);
    const [register, wait, report, begin, end] = events(trace);
    expect(register).toMatchObject({ a: Interest.Readable, b: 0 });
    expect(wait).toMatchObject({ a: 1 });
    expect(report?.a).toBe(Readiness.Readable);
    expect(begin).toMatchObject({ a: Readiness.Readable, b: 1 });
    expect(end).toMatchObject({ a: 5, b: 0 });
  });

  it('how a handler ended: it threw, was re-queued, was closed', () => {
    const ends = [descriptors.socketpair(), descriptors.socketpair(), descriptors.socketpair()];
    const [thrower, requeuer, closer] = ends.map(([a]) => a) as [number, number, number];
    const traced = new Reactor({ onError: nothing });
    const trace = traced.trace();
    const throws = () => {
      throw new Error('no');
    };
    traced.register(thrower, Interest.Writable, { onReady: throws });
    traced.register(requeuer, Interest.Writable, { onReady: (_, own) => own.requeue() });
    traced.register(closer, Interest.Writable, { onReady: (_, own) => own.close() });
    traced.turn(0);
    const outcomes = events(trace).filter(({ kind }) => kind === Kind.HandlerEnd);
    expect(Object.fromEntries(outcomes.map(({ fd, b }) => [fd, b]))).toEqual({
      [thrower]: Outcome.Threw,
      [requeuer]: Outcome.Requeued,
      [closer]: Outcome.Closed,
    });
    traced.turn(0);
    const again = events(trace).filter(
      ({ kind, fd }) => kind === Kind.HandlerBegin && fd === requeuer,
    );
    expect(again.map(({ b }) => b)).toEqual([1, 3]); // reported and re-queued
    traced.close();
  });

  it('no end of a handler that has begun the trace', () => {
    const [a, b] = descriptors.socketpair();
    let trace: Trace | undefined;
    const onReady = () => {
      trace ??= reactor.trace();
    };
    for (const fd of [a, b]) reactor.register(fd, Interest.Writable, { onReady });
    reactor.turn(0);
    expect(events(trace as unknown as Trace).map(({ kind }) => kind)).toEqual([
      Kind.Report,
      Kind.HandlerBegin,
      Kind.HandlerEnd,
    ]);
  });

  it('a report that an earlier handler has made stale', () => {
    const pairs = [descriptors.socketpair(), descriptors.socketpair()];
    const trace = reactor.trace();
    const registrations = pairs.map(([a]) =>
      reactor.register(a, Interest.Writable, {
        onReady: (_, own) => registrations.find((other) => other !== own)?.close(),
      }),
    );
    reactor.turn(0);
    const kinds = events(trace).map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === Kind.Stale)).toHaveLength(1);
    expect(kinds.filter((kind) => kind === Kind.HandlerBegin)).toHaveLength(1);
  });

  it('timers, wakers and deferred functions', () => {
    const trace = reactor.trace();
    const waker = reactor.createWaker(nothing);
    reactor.setTimeout(nothing, 0);
    reactor.defer(nothing);
    waker.wake();
    const { now } = native;
    for (let kinds: number[] = []; !kinds.includes(Kind.Timers); ) {
      reactor.turn(10);
      kinds = events(trace).map(({ kind }) => kind);
    }
    expect(now()).toBeGreaterThan(0);
    expect(new Set(story(trace))).toEqual(
      new Set(['wait-end(-1)', 'timers(-1)', 'wakers(-1)', 'deferred(-1)']),
    );
  });

  it('marks and labels, with the registration that they are of', () => {
    const [a] = descriptors.socketpair();
    const trace = reactor.trace();
    const registration = reactor.register(a, Interest.Readable, { onReady: nothing });
    trace.label(a, 'client 7');
    trace.mark('login', a);
    trace.mark('login');
    const data = trace.snapshot();
    const [stream] = data.streams;
    expect(stream?.texts).toEqual(['client 7', 'login']);
    const marks = events(data).slice(1);
    expect(marks.map(({ slot, a: text }) => [slot, text])).toEqual([
      [registration.slot, 0],
      [registration.slot, 1],
      [0, 1],
    ]);
    expect(sentenceOf(marks[0] as never, data, stream as never)).toBe(
      `From here on fd ${a} is named "client 7".`,
    );
  });

  it('calls: each with descriptor, bytes asked for, and result', () => {
    const [a, b] = descriptors.socketpair();
    const trace = reactor.trace({ level: 'calls' });
    reactor.register(b, Interest.Readable, {
      onReady() {
        while (sys.recv(b, Buffer.alloc(64)) > 0);
      },
    });
    sys.send(a, Buffer.from('hello'));
    reactor.turn(0);
    const data = trace.snapshot();
    const texts = events(data)
      .filter(({ kind }) => kind === Kind.Call)
      .map((event) => sentenceOf(event, data, data.streams[0] as never).split('. ')[0]);
    expect(texts).toEqual([
      `poller.add on fd ${b}: 0.`,
      `send of 5 bytes on fd ${a}: 5.`,
      'poller.wait: 1.',
      `recv of 64 bytes on fd ${b}: 5`,
      `recv of 64 bytes on fd ${b}: EAGAIN`,
    ]);
    trace.close();
    sys.send(a, Buffer.from('more'));
    expect(events(trace)).toHaveLength(events(data).length);
  });

  it('timed: the end of a handler is later than its beginning', () => {
    const [a] = descriptors.socketpair();
    const trace = reactor.trace({ level: 'timed' });
    const onReady = () => {
      const start = native.now();
      while (native.now() === start);
    };
    reactor.register(a, Interest.Writable, { onReady });
    reactor.turn(0);
    const [begin, end] = events(trace).slice(-2);
    expect(end?.timeNs).toBeGreaterThan(begin?.timeNs as number);
  });
});

describe('what is kept', () => {
  function fill(trace: Trace, count: number): void {
    for (let i = 0; i < count; i++) trace.mark(String(i % 10));
  }

  it('the last events, in whole blocks, each with what was open before it', () => {
    const [a] = descriptors.socketpair();
    const registration = reactor.register(a, Interest.Readable, { onReady: nothing });
    const trace = reactor.trace({ capacity: BLOCK_LENGTH });
    fill(trace, 3 * BLOCK_LENGTH + 10);
    expect(trace.dropped).toBe(2 * BLOCK_LENGTH);
    const [stream] = trace.snapshot().streams;
    expect(stream?.blocks.map(({ length }) => length)).toEqual([BLOCK_LENGTH, 10]);
    const { slot, generation } = registration;
    const open = [{ fd: a, slot, generation, interest: Interest.Readable, trigger: 0 }];
    expect(stream?.blocks.map((block) => block.open)).toEqual([open, open]);
  });

  it('the first events, on request', () => {
    const trace = reactor.trace({ capacity: BLOCK_LENGTH, keep: 'first' });
    fill(trace, BLOCK_LENGTH + 10);
    expect(trace.dropped).toBe(10);
    expect(events(trace)).toHaveLength(BLOCK_LENGTH);
  });
});

describe('the file', () => {
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
      expect(() => decodeTrace(bytes.subarray(0, length))).toThrow(
        expect.objectContaining(refused),
      );
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
});

describe('a trace', () => {
  it('is one at a time, and another after it', () => {
    const trace = reactor.trace();
    expect(() => reactor.trace()).toThrow(expect.objectContaining({ code: 'ERR_TRACE_ACTIVE' }));
    trace.close();
    trace.close();
    reactor.trace().close();
  });

  it('ends with its reactor, and can be read then', () => {
    const [a] = descriptors.socketpair();
    reactor.register(a, Interest.Readable, { onReady: nothing });
    const trace = reactor.trace();
    reactor.close();
    expect(trace.isClosed).toBe(true);
    expect(story(trace)).toEqual([`release(${a})`]);
    expect(() => trace.mark('late')).toThrow(expect.objectContaining({ code: 'ERR_CLOSED' }));
    expect(() => reactor.trace()).toThrow(expect.objectContaining({ code: 'ERR_CLOSED' }));
  });

  it.each([
    [{ level: 'all' }, 'ERR_INVALID_ARG_VALUE'],
    [{ keep: 'some' }, 'ERR_INVALID_ARG_VALUE'],
    [{ capacity: 0 }, 'ERR_OUT_OF_RANGE'],
    [{ capacity: '1' }, 'ERR_INVALID_ARG_TYPE'],
    [null, 'ERR_INVALID_ARG_TYPE'],
  ])('refuses %j, and records nothing', (options, code) => {
    expect(() => reactor.trace(options as never)).toThrow(expect.objectContaining({ code }));
    reactor.trace().close();
  });
});
