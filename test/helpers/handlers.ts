// Handlers, reads and turns that tests share.
import { expect } from 'vitest';
import { type Readiness, readinessNames } from '../../src/poller/interest.ts';
import type { Reactor } from '../../src/reactor/reactor.ts';
import type { Handler, Registration } from '../../src/reactor/registration.ts';
import * as sys from '../../src/sys/index.ts';
import { isOneshot } from './matrix.ts';

const bytes = Buffer.alloc(64 * 1024);

/** Writes `data` whole; a test that expects a full buffer writes by itself. */
export function send(fd: number, data: string | Uint8Array): void {
  const source = typeof data === 'string' ? Buffer.from(data) : data;
  const written = sys.write(fd, source);
  if (written !== source.length) throw new Error(`wrote ${written} of ${source.length}`);
}

/** Writes until the kernel takes no more. @returns count of bytes. */
export function fill(fd: number): number {
  let total = 0;
  for (;;) {
    const written = sys.write(fd, bytes);
    if (written < 0) return total;
    total += written;
  }
}

/** What draining a descriptor brought. */
export interface Drained {
  readonly text: string;
  readonly end: 'would-block' | 'end' | 'error';
}

/** Reads to would-block, the end, or an error. */
export function drain(fd: number): Drained {
  let text = '';
  for (;;) {
    const count = sys.read(fd, bytes);
    if (count > 0) text += bytes.toString('latin1', 0, count);
    else if (count === 0) return { text, end: 'end' };
    else return { text, end: count === sys.WOULD_BLOCK ? 'would-block' : 'error' };
  }
}

/** Records what it is called for, then does `act`; re-arms a oneshot behind it, when `rearms`. */
export class Recorder implements Handler<unknown> {
  readonly readiness: string[] = [];
  seen: Readiness = 0;
  readonly #act: (readiness: Readiness, registration: Registration<unknown>) => void;
  readonly #rearms: boolean;

  constructor(
    act: (readiness: Readiness, registration: Registration<unknown>) => void = () => undefined,
    rearms = false,
  ) {
    this.#act = act;
    this.#rearms = rearms;
  }

  get count(): number {
    return this.readiness.length;
  }

  onReady(readiness: Readiness, registration: Registration<unknown>): void {
    this.readiness.push(readinessNames(readiness));
    this.seen |= readiness;
    this.#act(readiness, registration);
    if (this.#rearms && !registration.isClosed && isOneshot(registration.trigger)) {
      registration.rearm();
    }
  }
}

/** Drains as the rule says, keeps what it read, and closes its registration at the end. */
export class Reader implements Handler<unknown> {
  text = '';
  end: Drained['end'] = 'would-block';
  eventCount = 0;

  onReady(_readiness: Readiness, registration: Registration<unknown>): void {
    this.eventCount++;
    const { text, end } = drain(registration.fd);
    this.text += text;
    this.end = end;
    if (end !== 'would-block') registration.close();
    else if (isOneshot(registration.trigger)) registration.rearm();
  }
}

const TURNS_MAX = 10_000;
/** A turn waits so long for an event. */
const TURN_MS = 2000;

/** Turns until `isDone`; fails when nothing happens for a while and it is not, or after so many turns. */
export function turnUntil(reactor: Reactor, isDone: () => boolean, turnsMax = TURNS_MAX): void {
  let eventMs = performance.now();
  for (let turn = 0; turn < turnsMax && !isDone(); turn++) {
    const { requeued } = reactor.stats;
    // 0 may also be a timer, or a wake-up by Node's loop.
    const hasEvent = reactor.turn(TURN_MS) > 0 || reactor.stats.requeued > requeued;
    if (hasEvent) eventMs = performance.now();
    else if (performance.now() - eventMs > TURN_MS / 2) break;
  }
  expect(isDone()).toBe(true);
}

/** Polls a few times, for what must not come. */
export function turnIdly(reactor: Reactor, turns = 5): void {
  for (let i = 0; i < turns; i++) reactor.turn(0);
}
