// The descriptors of a script, each open on both kernels, and the bytes that are on their way between them.

export type Kind = 'tcp' | 'unix' | 'udp' | 'unix-datagram' | 'pipe' | 'eventfd';
export type Both = readonly [real: number, simulated: number];

/** One direction of a stream or a pipe: bytes of it are known by their place. */
export class Direction {
  readonly #seed: number;
  readonly written: [number, number] = [0, 0];
  readonly read: [number, number] = [0, 0];
  writes = 0;
  isFilled = false;
  /** shutdown(2) of reading, and of writing. */
  isReaderShut = false;
  isWriterShut = false;

  /** @param seed - sets its bytes apart from those of others. */
  constructor(seed: number) {
    this.#seed = seed;
  }

  get pending(): number {
    return this.written[1] - this.read[1];
  }

  /** It is empty on both sides, which go on at the same place. */
  restart(): void {
    const place = Math.max(...this.written);
    this.written.fill(place);
    this.read.fill(place);
    this.writes = 0;
    this.isFilled = false;
  }

  pattern(side: 0 | 1, count: number): Uint8Array {
    const at = this.written[side];
    return Uint8Array.from({ length: count }, (_, index) => this.#byteAt(at + index));
  }

  fits(side: 0 | 1, bytes: Uint8Array): boolean {
    return bytes.every((byte, index) => byte === this.#byteAt(this.read[side] + index));
  }

  #byteAt(place: number): number {
    return (place * 7 + this.#seed * 31 + (place >> 8)) & 255;
  }
}

export interface Descriptor {
  readonly fds: Both;
  readonly kind: Kind;
  readonly id: number;
  /** Of a listener: what waits to be accepted. */
  readonly queue: Descriptor[];
  out: Direction | undefined;
  in: Direction | undefined;
  isListening: boolean;
  /** A connect that found the backlog full: only time would help. */
  isStuck: boolean;
  isNamed: boolean;
}

/** What a number was added to the pollers with. */
export interface Watch {
  readonly descriptor: Descriptor;
  readonly interest: number;
  readonly trigger: number;
}

/** What is written to one end is read from the other. */
export function join(from: Descriptor, to: Descriptor): void {
  const direction = new Direction(from.id);
  from.out = direction;
  to.in = direction;
}

/** Whether it connects. */
export function isStream(kind: Kind): boolean {
  return kind === 'tcp' || kind === 'unix';
}

/** Whether what is sent stays apart. */
export function isDatagram(kind: Kind): boolean {
  return kind === 'udp' || kind === 'unix-datagram';
}
