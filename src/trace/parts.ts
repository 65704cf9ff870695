// What of a stream any thread can read at any time: its texts, and the memory that its recorder fills.
// The thread that records announces them one by one to the one that writes the file.
import { BLOCK_LENGTH } from './block.ts';
import { readCounts } from './counter.ts';
import type { TraceStream } from './data.ts';
import { type BlockHead, type NumberedBlock, readBlock, readHead } from './memory.ts';

/** Which reactor it is, and how much of it is recorded. */
export type StreamAbout = Pick<TraceStream, 'thread' | 'backend' | 'level'>;

/** One thing that another thread has to know: the first one says what the stream is of. */
export type StreamPart =
  | { readonly about: StreamAbout }
  | { readonly text: string }
  | { readonly place: number; readonly memory: SharedArrayBuffer };

/** The parts of one stream. */
export class StreamParts {
  readonly about: StreamAbout;
  readonly #texts: string[] = [];
  readonly #memory: SharedArrayBuffer[] = [];
  #announce: ((part: StreamPart) => void) | undefined;

  constructor(about: StreamAbout) {
    this.about = about;
  }

  /** Adds a text. @returns its number. */
  addText(text: string): number {
    this.#announce?.({ text });
    return this.#texts.push(text) - 1;
  }

  /** Adds memory, or puts other memory in its place. */
  putMemory(place: number, memory: SharedArrayBuffer): void {
    this.#memory[place] = memory;
    this.#announce?.({ place, memory });
  }

  /** Announces all there is, and from now on what comes. */
  share(announce: (part: StreamPart) => void): void {
    announce({ about: this.about });
    for (const text of this.#texts) announce({ text });
    for (const [place, memory] of this.#memory.entries()) announce({ place, memory });
    this.#announce = announce;
  }

  /** Adds what was announced, but for what it is of. */
  take(part: StreamPart): void {
    if ('text' in part) this.addText(part.text);
    else if ('memory' in part) this.putMemory(part.place, part.memory);
  }

  /** Events that were dropped. */
  get dropped(): number {
    return this.about.level === 'counts' ? 0 : droppedOf(this.#memory.map(readHead));
  }

  /** A copy of what is there now. @param sinceNs - without the blocks that had ended before. */
  read(sinceNs = 0): TraceStream {
    const about = { ...this.about, texts: [...this.#texts] };
    if (this.about.level === 'counts') {
      return { ...about, dropped: 0, blocks: [], counts: readCounts(this.#memory) };
    }
    const heads = this.#memory.map(readHead);
    const newest = Math.max(...heads.map(({ number }) => number));
    // The newest in any case: it has what is open.
    const wanted = heads.map(({ number, lastNs }) => number === newest || lastNs >= sinceNs);
    const memory = this.#memory.filter((_, place) => wanted[place]);
    const blocks = unbroken(
      newest,
      memory.flatMap((each) => readBlock(each) ?? []),
    );
    const left = blocks[0]?.number ?? 0;
    return {
      ...about,
      dropped: droppedOf(heads.filter(({ number }) => number >= left)),
      blocks: blocks.map(({ block }) => block),
    };
  }
}

function droppedOf(heads: readonly BlockHead[]): number {
  const whole = heads.filter(({ number }) => number >= 0);
  if (whole.length === 0) return 0;
  const refused = whole.reduce((sum, head) => sum + head.refused, 0);
  return Math.min(...whole.map(({ number }) => number)) * BLOCK_LENGTH + refused;
}

// In their order, from the first one behind which none is missing: what was written over while it was
// read is older than those, or newer than what was the newest.
function unbroken(newest: number, blocks: readonly NumberedBlock[]): readonly NumberedBlock[] {
  const sorted = blocks
    .filter(({ number }) => number <= newest)
    .sort((a, b) => a.number - b.number);
  const gap = sorted.findLastIndex(({ number }, at) => number + 1 < (sorted[at + 1]?.number ?? 0));
  return sorted.slice(gap + 1);
}
