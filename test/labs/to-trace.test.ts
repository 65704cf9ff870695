// Ledgers of programs without a Reactor as traces: what the viewer finds in them.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Entry, Ledger } from '../../labs/src/ledger/ledger.ts';
import { type LedgerCall, packInterest } from '../../labs/src/ledger/record.ts';
import { traceOfLedger, writeLedgerTrace } from '../../labs/src/ledger/to-trace.ts';
import { decodeTrace, eventsOf, KIND_NAMES } from '../../src/trace/index.ts';
import { modelOf } from '../../src/view/index.ts';

const WOULD_BLOCK = -constants.errno.EAGAIN;
const LISTENER = 21;
const CLIENT = 22;
const [READABLE, BOTH] = [1, 3];
const [LEVEL, EDGE] = [0, 1];
const ROOM = 16_384;

/** A program on one thread, call by call. */
class Program {
  readonly entries: Entry[] = [];
  readonly #thread: number;

  constructor(thread = 0) {
    this.#thread = thread;
  }

  call(call: LedgerCall, fd: number, result: number, rest: Partial<Entry> = {}): this {
    const ms = 1000 + this.entries.length;
    this.entries.push({
      call,
      fd,
      result,
      asked: -1,
      a: -1,
      b: -1,
      thread: this.#thread,
      ms,
      ...rest,
    });
    return this;
  }

  add(fd: number, interest: number, trigger: number): this {
    return this.call('poller.add', fd, 0, { a: fd, b: packInterest(interest, trigger) });
  }

  wait(timeoutMs: number, ...reports: (readonly [fd: number, readiness: number])[]): this {
    this.call('poller.wait', -1, reports.length, { a: timeoutMs });
    for (const [a, b] of reports) this.call('report', -1, 0, { a, b });
    return this;
  }

  recv(result: number, fd = CLIENT): this {
    return this.call('recv', fd, result, { asked: ROOM });
  }

  /** Listens, and has accepted a client. */
  static serving(trigger: number): Program {
    return new Program()
      .call('socket', -1, LISTENER)
      .call('listen', LISTENER, 0)
      .add(LISTENER, READABLE, trigger)
      .wait(-1, [LISTENER, READABLE])
      .call('accept4', LISTENER, CLIENT)
      .add(CLIENT, BOTH, trigger)
      .call('accept4', LISTENER, WOULD_BLOCK);
  }

  get model() {
    return modelOf(traceOfLedger(new Ledger(this.entries)));
  }

  get codes(): string[] {
    return this.model.streams.flatMap(({ findings }) =>
      findings.filter(({ code }) => code !== 'SLOW_HANDLER').map(({ code, fd }) => `${code} ${fd}`),
    );
  }
}

describe('a ledger as a trace', () => {
  it('has an edge that was left, as its finding', () => {
    const left = Program.serving(EDGE)
      .wait(-1, [CLIENT, BOTH])
      .recv(ROOM)
      .call('send', CLIENT, 16_000, { asked: 16_000 });
    expect(left.codes).toEqual([`UNDRAINED ${CLIENT}`]);
  });

  it('has none of a program that drains, or that remembers', () => {
    const drains = Program.serving(EDGE).wait(-1, [CLIENT, BOTH]).recv(ROOM).recv(WOULD_BLOCK);
    expect(drains.codes).toEqual([]);
    const remembers = Program.serving(EDGE).wait(-1, [CLIENT, BOTH]).recv(ROOM);
    expect(remembers.wait(0).recv(ROOM).wait(0).recv(WOULD_BLOCK).wait(-1).codes).toEqual([]);
  });

  it('has a descriptor that is reported again and again, as its finding', () => {
    const spins = Program.serving(LEVEL);
    for (let i = 0; i < 20; i++) spins.wait(-1, [CLIENT, 2]);
    expect(spins.codes).toEqual([`SPINNING ${CLIENT}`]);
  });

  it('has a handler for what was called on a descriptor after its report', () => {
    const program = Program.serving(EDGE).wait(-1, [CLIENT, BOTH], [LISTENER, READABLE]);
    program.recv(5).recv(WOULD_BLOCK).call('accept4', LISTENER, WOULD_BLOCK).wait(-1);
    const [stream] = traceOfLedger(new Ledger(program.entries)).streams;
    const events = stream === undefined ? [] : [...eventsOf(stream)];
    const names = events.map(({ kind, fd }) => `${KIND_NAMES[kind]} ${fd}`);
    const second = names.lastIndexOf(`report ${CLIENT}`);
    expect(names.slice(second)).toEqual([
      `report ${CLIENT}`,
      `report ${LISTENER}`,
      `handler-begin ${CLIENT}`,
      `call ${CLIENT}`,
      `call ${CLIENT}`,
      `handler-end ${CLIENT}`,
      `handler-begin ${LISTENER}`,
      `call ${LISTENER}`,
      `handler-end ${LISTENER}`,
      'wait-begin -1',
      'wait-end -1',
    ]);
  });

  it('sets registrations of one number apart, and ends them with the descriptor', () => {
    const program = Program.serving(EDGE).wait(-1, [CLIENT, BOTH]).recv(0);
    program.call('poller.remove', CLIENT, 0).call('close', CLIENT, 0);
    program.call('accept4', LISTENER, CLIENT).add(CLIENT, BOTH, EDGE).wait(-1);
    const lanes = program.model.streams[0]?.lanes ?? [];
    expect(lanes.slice(1).map(({ key }) => key)).toEqual(['21.0', '22.0', '22.1']);
  });

  it('has a stream for each thread, and blocks that begin with what is open', () => {
    const long = Program.serving(EDGE);
    for (let i = 0; i < 2000; i++) long.wait(-1, [CLIENT, BOTH]).recv(WOULD_BLOCK);
    const other = new Program(1).wait(0);
    const ledger = new Ledger([...long.entries, ...other.entries]);
    const folder = mkdtempSync(join(tmpdir(), 'ledger-'));
    try {
      const path = join(folder, 'a.edgetrace');
      expect(writeLedgerTrace(ledger, path)).toBe(true);
      const { streams } = decodeTrace(readFileSync(path));
      expect(streams.map(({ thread }) => thread)).toEqual([0, 1]);
      const open = streams[0]?.blocks[1]?.open.map(({ fd }) => fd);
      expect(open).toEqual([LISTENER, CLIENT]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('is none without a wait', () => {
    expect(writeLedgerTrace(new Ledger([]), '/nowhere')).toBe(false);
  });
});
