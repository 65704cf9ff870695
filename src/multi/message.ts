// How a message is encoded in a ring of shared memory (ring.ts): bytes, text and numbers as they are, small
// flat objects by their shape (shapes.ts), plain ones as JSON, and anything else by V8's structured
// clone. Writers and readers are threads of one process, so nothing here has to be portable.
import { types } from 'node:util';
import { deserialize, serialize } from 'node:v8';
import { EdgewiseError } from '../errors.ts';
import { checkBytes, fixedView, lengthOfBytes } from '../validate.ts';
import { isPlain } from './plain.ts';
import { READ_BY_WORDS_MAX, type RingMemory, readByWords } from './ring-memory.ts';
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
/** UTF-8 has no half of a pair; JSON escapes it. */
const LONE_SURROGATE = /\p{Surrogate}/u;
/** Of the memory that bytes are read into: more than what is read by words. */
const READ_MEMORY_MIN = 4096;
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
    if (typeof message === 'number') {
      this.#take(Kind.Number, NUMBER_SIZE);
      this.#number = message;
    } else if (types.isUint8Array(message)) {
      this.#takeBytes(message);
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
  writeTo(memory: RingMemory, offset: number): void {
    if (this.kind === Kind.Number) memory.doubles[offset >>> 3] = this.#number;
    else if (this.#flat !== undefined) this.#shapes.writeTo(memory, offset, this.#flat);
    else if (this.kind === Kind.Text || this.kind === Kind.Json)
      memory.bytes.write(this.#text, offset);
    else memory.bytes.set(this.#bytes, offset);
  }

  /** Forgets the message: a sender does not keep its memory alive. */
  clear(): void {
    this.#bytes = NOTHING;
    this.#text = '';
    if (this.#flat !== undefined) this.#shapes.release(this.#flat);
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

/** Reads the messages of one lane; bytes into its read memory, which the next message overwrites. */
export class Reader {
  #memory = Buffer.alloc(0);
  #words = new Int32Array(0);
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
  read(memory: RingMemory, kind: Kind, offset: number, length: number): unknown {
    const { bytes, doubles } = memory;
    if (kind === Kind.Number) return length === NUMBER_SIZE ? doubles[offset >>> 3] : INVALID;
    if (kind === Kind.Bytes) return this.#readBytes(memory, offset, length);
    if (kind === Kind.Text) return bytes.toString('utf8', offset, offset + length);
    if (kind !== Kind.Json && kind !== Kind.Flat && kind !== Kind.Structured) return INVALID;
    try {
      if (kind === Kind.Flat) return this.#shapes.read(memory, offset, length) ?? INVALID;
      if (kind === Kind.Json) return JSON.parse(bytes.toString('utf8', offset, offset + length));
      // A clone may hold views of the memory that it is read from, and may be kept.
      const copy = Buffer.allocUnsafeSlow(length);
      copy.set(bytes.subarray(offset, offset + length));
      return deserialize(copy);
    } catch (cause) {
      this.cause = cause;
      return INVALID;
    }
  }

  #readBytes({ bytes, words }: RingMemory, offset: number, length: number): Buffer {
    // A handler may have transferred the memory away.
    if (length > this.#memory.length) this.#grow(length);
    if (length <= READ_BY_WORDS_MAX) {
      readByWords(words, offset, length, this.#words);
      return this.#views[length] ?? this.#addView(length);
    }
    const view = this.#memory.subarray(0, length);
    view.set(bytes.subarray(offset, offset + length));
    return view;
  }

  #addView(length: number): Buffer {
    const view = this.#memory.subarray(0, length);
    this.#views[length] = view;
    return view;
  }

  #grow(length: number): void {
    this.#memory = Buffer.allocUnsafeSlow(Math.max(length, READ_MEMORY_MIN));
    this.#words = new Int32Array(this.#memory.buffer, 0, READ_MEMORY_MIN / 4);
    this.#views = [];
  }
}
