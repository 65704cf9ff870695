// A model of the proactor: what was submitted, cancelled and detached, and how it may complete. It
// checks every completion and throws at the first that it does not allow.
import { expect } from 'vitest';
import type { Descriptor } from '../../src/proactor/descriptor.ts';
import type { OperationId } from '../../src/proactor/operation.ts';
import { codeOf } from './driven.ts';

/** One direction of a connection: what went in, by the results of the writers, and what came out. */
export class Stream {
  readonly written: Uint8Array[] = [];
  /** A number: so many bytes went to memory that was taken away. */
  readonly received: (Uint8Array | number)[] = [];
  isShut = false;

  /** What the kernel still holds comes last. */
  check(rest: Uint8Array): void {
    const sent = Buffer.concat(this.written);
    let at = 0;
    for (const piece of [...this.received, rest]) {
      const length = typeof piece === 'number' ? piece : piece.length;
      if (typeof piece !== 'number' && sent.compare(piece, 0, length, at, at + length) !== 0) {
        throw new Error(`the bytes from ${at} on are not those that were written`);
      }
      at += length;
    }
    expect(at, 'bytes received').toBe(sent.length);
  }
}

/** One operation as the model knows it. */
export interface Expected {
  id: OperationId;
  readonly kind: 'read' | 'readExactly' | 'write' | 'writeAll' | 'delay';
  readonly lane: Lane | undefined;
  readonly bytes: Uint8Array;
  /** The bytes of a write as they were when it was submitted. */
  readonly content: Uint8Array;
  isCancelled: boolean;
  isDetached: boolean;
  isCompleted: boolean;
}

/** The operations of one direction of one Descriptor. */
export interface Lane {
  readonly descriptor: Descriptor;
  readonly stream: Stream;
  readonly isReading: boolean;
  readonly pending: Set<Expected>;
  lastCompleted: OperationId;
}

export class Model {
  isInside = false;
  completedCount = 0;
  readonly counts: Record<string, number> = {};

  onCompletion(error: Error | undefined, result: number, operation: Expected): void {
    this.completedCount++;
    expect(this.isInside, 'completed inside the call that submitted it').toBe(false);
    expect(operation.isCompleted, `operation ${operation.id} completed twice`).toBe(false);
    operation.isCompleted = true;
    const code = error === undefined ? 'done' : codeOf(error);
    this.counts[code] = (this.counts[code] ?? 0) + 1;
    const { lane } = operation;
    expect(code === 'ECANCELED', `${operation.kind}: ${code}`).toBe(operation.isCancelled);
    if (lane === undefined) {
      expect(result).toBe(0);
      return;
    }
    lane.pending.delete(operation);
    if (!operation.isCancelled) {
      expect(operation.id, 'completed in the order of submission').toBeGreaterThan(
        lane.lastCompleted,
      );
      lane.lastCompleted = operation.id;
    }
    this.#checkCode(code, operation, lane);
    this.#checkResult(code, result, operation);
    if (lane.isReading) lane.stream.received.push(received(operation, result));
    else lane.stream.written.push(operation.content.subarray(0, result));
  }

  #checkCode(code: string, operation: Expected, { isReading, stream }: Lane): void {
    if (code === 'ERR_BUFFER_DETACHED') expect(operation.isDetached).toBe(true);
    else if (code === 'EPIPE') expect({ isReading, ...stream }).toMatchObject({ isShut: true });
    else if (code === 'ERR_UNEXPECTED_END') expect(stream.isShut).toBe(true);
    else expect(['done', 'ECANCELED']).toContain(code);
  }

  #checkResult(code: string, result: number, { kind, content, lane }: Expected): void {
    const isWhole = kind === 'readExactly' || kind === 'writeAll';
    if (isWhole && code === 'done') expect(result, kind).toBe(content.length);
    expect(result).toBeLessThanOrEqual(content.length);
    if (kind === 'read' && code === 'done' && result === 0) expect(lane?.stream.isShut).toBe(true);
    if (!isWhole && code !== 'done') expect(result, `${kind}: ${code}`).toBe(0);
  }
}

function received({ bytes, isDetached }: Expected, result: number): Uint8Array | number {
  return isDetached ? result : bytes.slice(0, result);
}
