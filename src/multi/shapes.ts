// Small flat objects in a ring (ring.ts). Their keys, the shape, are sent once by each producer, and as
// a number after that. A record, in units of 8 bytes: the shape's number, the length of its definition
// (0 when the reader has it), the definition (keys as JSON), a tag for each value, a double for each
// value, and the characters of texts.
//
// Numbers count up from 0, and a definition ends those after it: a new sender of a lane defines its own
// shapes from 0 on, and never uses a number that it has not defined.
import type { RingMemory } from './ring-memory.ts';

const KEYS_MAX = 16;
const DEFINITION_MAX = 256;
const TEXT_MAX = 64;
const LATIN1_MAX = 0xff;
const SHAPES_MAX = 64;
const HEADER_SIZE = 16;

const Tag = { Number: 0, Text: 1, True: 2, False: 3, Null: 4, Undefined: 5 } as const;

type Scalar = number | string | boolean | null | undefined;
type Flat = Record<string, Scalar>;

interface Shape {
  readonly id: number;
  readonly keys: readonly string[];
  readonly definition: string;
}

const padded = (size: number): number => (size + 7) & ~7;

/** Values of an object that has a shape, and the size of their record. */
export interface FlatDraft {
  shape: Shape;
  count: number;
  length: number;
  /** The first `count`. */
  readonly values: Scalar[];
}

/** Of a draft that has not been filled yet. */
const NO_SHAPE: Shape = { id: 0, keys: [], definition: '' };

/** The producer's shapes. */
export class ShapeWriter {
  /** Those that the reader has, at their numbers. */
  readonly #shapes: Shape[] = [];
  #last: Shape | undefined;
  #spare: FlatDraft | undefined;

  /**
   * Prepares an object; `release` the draft when it was written or is given up.
   *
   * @returns undefined: it is not flat, or not small, and is sent in another way.
   */
  take(message: unknown): FlatDraft | undefined {
    if (typeof message !== 'object' || message === null) return undefined;
    if (Object.getPrototypeOf(message) !== Object.prototype) return undefined;
    const draft = this.#spare ?? { shape: NO_SHAPE, count: 0, length: 0, values: [] };
    this.#spare = undefined; // a getter of the message may post another one
    const last = this.#last;
    if (last !== undefined && this.#fill(draft, message as Flat, last)) return draft;
    const shape = this.#shapeOf(Object.keys(message));
    if (shape === undefined || !this.#fill(draft, message as Flat, shape)) return undefined;
    const numbered = this.#shapes[shape.id];
    // That post may have taken the number of a new shape.
    return numbered === undefined || numbered === shape ? draft : undefined;
  }

  /** Forgets the values, and takes the draft back for the next message. */
  release(draft: FlatDraft): void {
    for (let i = 0; i < draft.count; i++) draft.values[i] = undefined;
    this.#spare = draft;
  }

  /** Writes the record at `offset`, a multiple of 8. */
  writeTo({ bytes, doubles }: RingMemory, offset: number, draft: FlatDraft): void {
    const { shape, count, values } = draft;
    const isNew = shape.id === this.#shapes.length;
    doubles[offset >>> 3] = shape.id;
    doubles[(offset >>> 3) + 1] = isNew ? shape.definition.length : 0;
    if (isNew) {
      bytes.write(shape.definition, offset + HEADER_SIZE, 'latin1');
      this.#shapes.push(shape);
    }
    const tagsAt = offset + HEADER_SIZE + (isNew ? padded(shape.definition.length) : 0);
    const slot = (tagsAt + padded(count)) >>> 3;
    let textAt = (slot + count) << 3;
    for (let i = 0; i < count; i++) {
      const value = values[i];
      bytes[tagsAt + i] = tagOf(value);
      if (typeof value === 'number') doubles[slot + i] = value;
      if (typeof value !== 'string') continue;
      doubles[slot + i] = value.length;
      for (let at = 0; at < value.length; at++) bytes[textAt++] = value.charCodeAt(at);
    }
  }

  /** @returns false: the message is not of this shape, or not small. */
  #fill(draft: FlatDraft, message: Flat, shape: Shape): boolean {
    const { values } = draft;
    let count = 0;
    let textSize = 0;
    for (const key in message) {
      if (key !== shape.keys[count]) return false;
      const value = message[key];
      const size = sizeOfText(value);
      if (size < 0) return false;
      textSize += size;
      values[count++] = value;
    }
    if (count !== shape.keys.length) return false;
    draft.shape = shape;
    draft.count = count;
    draft.length = this.#valuesAt(shape) + 8 * count + textSize;
    return true;
  }

  // From the start of the record. Shapes are defined in the order of their numbers.
  #valuesAt({ id, keys, definition }: Shape): number {
    const defined = id < this.#shapes.length ? 0 : padded(definition.length);
    return HEADER_SIZE + defined + padded(keys.length);
  }

  #shapeOf(keys: readonly string[]): Shape | undefined {
    if (keys.length > KEYS_MAX) return undefined;
    const known = this.#shapes.find((shape) => isSame(shape.keys, keys));
    if (known !== undefined) {
      this.#last = known;
      return known;
    }
    const id = this.#shapes.length;
    const definition = JSON.stringify(keys);
    return id < SHAPES_MAX && isDefinable(keys, definition) ? { id, keys, definition } : undefined;
  }
}

interface KnownShape {
  readonly keys: readonly string[];
  /** An object with these keys: a copy of it is cheaper than adding them one by one. */
  readonly template: Flat;
  /** The text that each key had last. */
  readonly texts: string[];
}

/** The reader's side of one lane. */
export class ShapeReader {
  readonly #shapes: KnownShape[] = [];

  /**
   * Reads the record of `size` bytes at `offset`.
   *
   * @returns undefined: no writer has written it. @throws SyntaxError - the same.
   */
  read({ bytes, doubles }: RingMemory, offset: number, size: number): object | undefined {
    if (size < HEADER_SIZE) return undefined;
    const id = doubles[offset >>> 3] as number;
    const length = doubles[(offset >>> 3) + 1] as number;
    const start = offset + HEADER_SIZE;
    const end = offset + size;
    if (length !== 0 && !this.#define(id, bytes.subarray(start, end), length)) return undefined;
    const shape = this.#shapes[id];
    if (shape === undefined) return undefined;
    const { keys, texts } = shape;
    const tagsAt = start + padded(length);
    const slot = (tagsAt + padded(keys.length)) >>> 3;
    let textAt = (slot + keys.length) << 3;
    if (textAt > end) return undefined;
    const object = { ...shape.template };
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i] as string;
      const tag = bytes[tagsAt + i] as number;
      if (tag === Tag.Number) object[key] = doubles[slot + i] as number;
      else if (tag === Tag.Text) {
        const textSize = doubles[slot + i] as number;
        if (textSize >>> 0 !== textSize || textSize > end - textAt) return undefined;
        const textEnd = textAt + textSize;
        // The same text as last time is common (a name, a type), and needs no new string.
        if (!isText(bytes, textAt, textEnd, texts[i] as string)) {
          texts[i] = bytes.toString('latin1', textAt, textEnd);
        }
        object[key] = texts[i] as string;
        textAt = textEnd;
      } else if (tag <= Tag.Undefined) object[key] = constantOf(tag);
      else return undefined;
    }
    return object;
  }

  // Shapes are defined in the order of their numbers, or anew from some number on.
  #define(id: number, record: Buffer, length: number): boolean {
    const isNext = id >>> 0 === id && id <= this.#shapes.length && id < SHAPES_MAX;
    const isWhole = length >>> 0 === length && length <= Math.min(DEFINITION_MAX, record.length);
    if (!isNext || !isWhole) return false;
    const keys: unknown = JSON.parse(record.toString('latin1', 0, length));
    if (!isKeys(keys)) return false;
    const template = Object.fromEntries(keys.map((key) => [key, null]));
    this.#shapes.length = id;
    this.#shapes.push({ keys, template, texts: keys.map(() => '') });
    return true;
  }
}

function isKeys(value: unknown): value is readonly string[] {
  if (!Array.isArray(value) || value.length > KEYS_MAX) return false;
  return value.every((key) => typeof key === 'string' && key !== '__proto__');
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

// `__proto__` cannot be assigned to.
function isDefinable(keys: readonly string[], definition: string): boolean {
  if (definition.length > DEFINITION_MAX || keys.includes('__proto__')) return false;
  return sizeOfLatin1(definition) >= 0;
}

/** @returns the bytes of its text, 0 for what is no text, -1: it cannot be sent in this way. */
function sizeOfText(value: unknown): number {
  if (typeof value === 'string') return value.length > TEXT_MAX ? -1 : sizeOfLatin1(value);
  const isScalar = typeof value === 'number' || typeof value === 'boolean';
  return isScalar || value === null || value === undefined ? 0 : -1;
}

function sizeOfLatin1(text: string): number {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > LATIN1_MAX) return -1;
  return text.length;
}

function isText(bytes: Uint8Array, start: number, end: number, text: string): boolean {
  if (text.length !== end - start) return false;
  for (let i = 0; i < text.length; i++) if (bytes[start + i] !== text.charCodeAt(i)) return false;
  return true;
}

function tagOf(value: Scalar): number {
  if (typeof value === 'number') return Tag.Number;
  if (typeof value === 'string') return Tag.Text;
  if (typeof value === 'boolean') return value ? Tag.True : Tag.False;
  return value === null ? Tag.Null : Tag.Undefined;
}

function constantOf(tag: number): Scalar {
  if (tag === Tag.True) return true;
  if (tag === Tag.False) return false;
  return tag === Tag.Null ? null : undefined;
}
