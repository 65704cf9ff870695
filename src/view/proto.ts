// Messages of Protocol Buffers, as bytes: what the export for Perfetto needs of the wire format. A field
// is its number and its type in one varint, and then its value; a message is its fields one behind the
// other.

const VARINT = 0;
const BYTES = 2;
const encoder = new TextEncoder();

/** The bytes of one message, or of several that follow each other. */
export class ProtoWriter {
  #bytes = new Uint8Array(256);
  #length = 0;

  /** An integer from 0 to 2^53 - 1, or below 0 as int64 has it. */
  integer(field: number, value: number): this {
    this.#varint(field * 8 + VARINT);
    if (value < 0) this.#negative(value);
    else this.#varint(value);
    return this;
  }

  /** A text. */
  text(field: number, value: string): this {
    return this.#delimited(field, encoder.encode(value));
  }

  /** A message inside of this one. */
  message(field: number, write: (message: ProtoWriter) => void): this {
    const inner = new ProtoWriter();
    write(inner);
    return this.#delimited(field, inner.finish());
  }

  /** What was written. */
  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  #delimited(field: number, bytes: Uint8Array): this {
    this.#varint(field * 8 + BYTES);
    this.#varint(bytes.length);
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
    return this;
  }

  // Seven bits in each byte, the lowest first. Not by shifts, which end at 32 bits.
  #varint(value: number): void {
    this.#reserve(10);
    let rest = value;
    while (rest >= 0x80) {
      this.#bytes[this.#length++] = (rest % 0x80) + 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#bytes[this.#length++] = rest;
  }

  // In 64 bits of two's complement, which are ten bytes.
  #negative(value: number): void {
    this.#reserve(10);
    let rest = BigInt.asUintN(64, BigInt(value));
    while (rest >= 0x80n) {
      this.#bytes[this.#length++] = Number(rest % 0x80n) + 0x80;
      rest /= 0x80n;
    }
    this.#bytes[this.#length++] = Number(rest);
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + count));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
  }
}
