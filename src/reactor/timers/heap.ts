// The timers of the tick that is running now, in exact order: an intrusive pairing heap. A slot of
// the wheel holds about a millisecond of deadlines without order; when its tick comes, they move
// here. Every operation is valid at any moment, so callbacks may insert and cancel while a pass
// takes timers out. push is O(1), pop and remove O(log n) amortised; nothing is allocated and
// nothing recurses, whatever the shape of the tree.
// Fredman, Sedgewick, Sleator, Tarjan: "The pairing heap" (1986).

/** The links and the order of an entry; the heap writes the links, the wheel all the rest. */
export interface HeapEntry<Entry> {
  /** When it is due, in nanoseconds of the monotonic clock. */
  deadlineNs: number;
  /** Orders entries of one deadline by insertion: 30 bits, compared modulo 2^30. */
  sequence: number;
  /** In the heap: the next sibling. */
  next: Entry | null;
  /** In the heap: the previous sibling, or the parent of a first child. */
  prev: Entry | null;
  /** In the heap: the first child. */
  child: Entry | null;
}

/** The bits of a sequence: it stays a small integer of V8 for ever, which no box is made for. */
export const SEQUENCE_MASK = 0x3fffffff;

function isBefore(a: HeapEntry<unknown>, b: HeapEntry<unknown>): boolean {
  if (a.deadlineNs !== b.deadlineNs) return a.deadlineNs < b.deadlineNs;
  return (a.sequence - b.sequence) << 2 < 0; // bit 29 of the difference modulo 2^30 is its sign
}

// Makes the later of two roots the first child of the other, and returns that one.
function meld<Entry extends HeapEntry<Entry>>(a: Entry, b: Entry): Entry {
  const isSwapped = isBefore(b, a);
  const parent = isSwapped ? b : a;
  const loser = isSwapped ? a : b;
  const sibling = parent.child;
  loser.next = sibling;
  if (sibling !== null) sibling.prev = loser;
  loser.prev = parent;
  parent.child = loser;
  return parent;
}

// Joins a list of siblings into one tree: in pairs from left to right, then the pairs backwards.
function meldSiblings<Entry extends HeapEntry<Entry>>(first: Entry): Entry {
  let pairs: Entry | null = null;
  for (let left: Entry | null = first; left !== null; ) {
    const right: Entry | null = left.next;
    const rest: Entry | null = right === null ? null : right.next;
    left.next = null;
    left.prev = null;
    let pair = left;
    if (right !== null) {
      right.next = null;
      right.prev = null;
      pair = meld(left, right);
    }
    pair.next = pairs;
    pairs = pair;
    left = rest;
  }
  let root = pairs as Entry;
  let rest = root.next;
  root.next = null;
  while (rest !== null) {
    const pair: Entry = rest;
    rest = pair.next;
    pair.next = null;
    root = meld(root, pair);
  }
  return root;
}

/** A priority queue by (deadline, insertion) over links that the entries carry themselves. */
export class DueHeap<Entry extends HeapEntry<Entry>> {
  #root: Entry | null = null;

  /** The earliest entry, or null. */
  get top(): Entry | null {
    return this.#root;
  }

  /** Adds an entry with its deadline and sequence set and all its links null. */
  push(entry: Entry): void {
    this.#root = this.#root === null ? entry : meld(this.#root, entry);
  }

  /** Takes out any entry that is in this heap; its links are null afterwards. */
  remove(entry: Entry): void {
    const child = entry.child;
    const tree = child === null ? null : meldSiblings(child);
    entry.child = null;
    if (entry === this.#root) {
      this.#root = tree;
      return;
    }
    const prev = entry.prev as Entry;
    const next = entry.next;
    if (prev.child === entry) prev.child = next;
    else prev.next = next;
    if (next !== null) next.prev = prev;
    entry.next = null;
    entry.prev = null;
    if (tree !== null) this.#root = meld(this.#root as Entry, tree);
  }
}
