// How a message is encoded in a ring of shared memory (ring.ts): bytes, text and numbers as they are, small
// flat objects by their shape (shapes.ts), plain ones as JSON, and anything else by V8's structured
// clone. Writers and readers are threads of one process, so nothing here has to be portable.
import { types } from 'node:util';
import { deserialize, serialize } from 'node:v8';
import { EdgewiseError } from '../errors.ts';
import { checkBytes, fixedView, lengthOfBytes } from '../validate.ts';
import { isPlain } from './plain.ts';
import type { RingMemory } from './ring-memory.ts';
import { type FlatDraft, ShapeReader, ShapeWriter } from './shapes.ts';

/** The kind of a record; 0 fills the end of a ring. */
export const Kind = {
  Filler: 0,
  Bytes: 1,
  Text: 2,
  Number: 3,
  Structured: 4,
  Json: 5,
  Flat: 6,
} as const;
export type Kind = (typeof Kind)[keyof typeof Kind];

/** What `Reader.read` returns for a record that no sender writes. */
export const INVALID = Symbol('invalid');

const NUMBER_SIZE = 8;
/** Below this length a loop is faster than a copy by V8 or the C library. */
const LOOP_MAX = 48;
/** UTF-8 has no half of a pair; JSON escapes it. */
const LONE_SURROGATE = /\p{Surrogate}/u;
const NOTHING = new Uint8Array(0);

/** A message that is about to be written: its kind, its length and its value. */
export class Draft {
  kind: Kind = Kind.Bytes;
  /** Bytes of the encoded message. */
  length = 0;
  #bytes: Uint8Array = NOTHING;
  #text = '';
  #number = 0;
  #flat: FlatDraft | undefined;
  readonly #shapes = new ShapeWriter();

  /**
   * @throws TypeError - detached bytes, or bytes over shared memory that have no length.
   * @throws EdgewiseError - ERR_MESSAGE_UNSUPPORTED: it cannot be cloned.
   */
  take(message: unknown): void {
    if (types.isUint8Array(message)) {
      this.#takeBytes(message);
    } else if (typeof message === 'number') {
      this.#take(Kind.Number, NUMBER_SIZE);
      this.#number = message;
    } else if (typeof message === 'string' && !LONE_SURROGATE.test(message)) {
      this.#takeText(Kind.Text, message);
    } else {
      this.#takeOther(message);
    }
  }

  // Of shared memory another thread may make more before it is written: there is no room for that.
  #takeBytes(message: Uint8Array): void {
    this.#take(Kind.Bytes, lengthOfBytes(message));
    if (this.length === 0) checkBytes('message', message);
    this.#bytes = fixedView(message, this.length);
  }

  #takeOther(message: unknown): void {
    const flat = this.#shapes.take(message);
    if (flat !== undefined) {
      this.#take(Kind.Flat, flat.length);
      this.#flat = flat;
    } else if (isPlain(message)) {
      this.#takeText(Kind.Json, JSON.stringify(message));
    } else {
      this.#bytes = clone(message);
      this.#take(Kind.Structured, this.#bytes.length);
    }
  }

  /** Writes it at `offset`, a multiple of 8, where there is room for `length` bytes. */
  writeTo({ bytes, doubles }: RingMemory, offset: number): void {
    if (this.kind === Kind.Number) doubles[offset >>> 3] = this.#number;
    else if (this.#flat !== undefined) this.#shapes.writeTo({ bytes, doubles }, offset, this.#flat);
    else if (this.kind === Kind.Text || this.kind === Kind.Json) bytes.write(this.#text, offset);
    else copy(this.#bytes, 0, bytes, offset, this.length);
  }

  /** Forgets the message: a sender does not keep its memory alive. */
  clear(): void {
    this.#bytes = NOTHING;
    this.#text = '';
    this.#flat = undefined;
  }

  #takeText(kind: Kind, text: string): void {
    this.#take(kind, Buffer.byteLength(text));
    this.#text = text;
  }

  #take(kind: Kind, length: number): void {
    this.#flat = undefined;
    this.kind = kind;
    this.length = length;
  }
}

/**
 * The structured clone of a message, as bytes.
 *
 * @throws EdgewiseError - ERR_MESSAGE_UNSUPPORTED: it cannot be cloned.
 */
export function clone(message: unknown): Buffer {
  try {
    return serialize(message);
  } catch (cause) {
    const text = 'a message must be something that structured clone accepts';
    throw new EdgewiseError('ERR_MESSAGE_UNSUPPORTED', text, { cause });
  }
}

function copy(
  from: Uint8Array,
  start: number,
  to: Uint8Array,
  offset: number,
  length: number,
): void {
  if (length > LOOP_MAX) {
    to.set(length === from.length ? from : from.subarray(start, start + length), offset);
    return;
  }
  for (let i = 0; i < length; i++) to[offset + i] = from[start + i] as number;
}

/** Reads the messages of one lane; bytes into its read memory, which the next message overwrites. */
export class Reader {
  #memory = Buffer.alloc(0);
  // One view for each short length, so that a stream of small messages makes none.
  #views: (Buffer | undefined)[] = [];
  readonly #shapes = new ShapeReader();

  /** Why the last record was `INVALID`, where something threw. */
  cause: unknown;

  /**
   * Reads a record of `length` bytes at `offset`, which the ring has.
   *
   * @returns the message, or `INVALID`.
   */
  read({ bytes, doubles }: RingMemory, kind: Kind, offset: number, length: number): unknown {
    if (kind === Kind.Bytes) {
      const view = this.#viewOf(length);
      copy(bytes, offset, view, 0, length);
      return view;
    }
    if (kind === Kind.Number) return length === NUMBER_SIZE ? doubles[offset >>> 3] : INVALID;
    if (kind === Kind.Text) return bytes.toString('utf8', offset, offset + length);
    if (kind !== Kind.Json && kind !== Kind.Flat && kind !== Kind.Structured) return INVALID;
    try {
      if (kind === Kind.Flat)
        return this.#shapes.read({ bytes, doubles }, offset, length) ?? INVALID;
      if (kind === Kind.Json) return JSON.parse(bytes.toString('utf8', offset, offset + length));
      // A clone may hold views of the memory that it is read from, and may be kept.
      const view = Buffer.allocUnsafeSlow(length);
      copy(bytes, offset, view, 0, length);
      return deserialize(view);
    } catch (cause) {
      this.cause = cause;
      return INVALID;
    }
  }

  #viewOf(length: number): Buffer {
    // A handler may have transferred the memory away.
    if (length > this.#memory.length) this.#grow(length);
    if (length > LOOP_MAX) return this.#memory.subarray(0, length);
    let view = this.#views[length];
    if (view === undefined) {
      view = this.#memory.subarray(0, length);
      this.#views[length] = view;
    }
    return view;
  }

  #grow(length: number): void {
    this.#memory = Buffer.allocUnsafeSlow(Math.max(length, 4096));
    this.#views = [];
  }
}
