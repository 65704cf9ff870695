// A Poller over the simulated kernel, with as much of the real one as a Dispatcher uses. Its
// strict mode reports edges at changes from not ready to ready and at nothing else, as any kernel
// may: Linux reports each arrival, and so hides a reader that does not drain.
import { constants } from 'node:os';
import type { Trigger } from '../../src/poller/interest.ts';
import type { Poller } from '../../src/poller/poller.ts';
import { PollerMemory, RECORDS_AT } from '../../src/poller/records.ts';
import type { SimKernel } from './sim-kernel.ts';
import { type Code, SimSet } from './sim-set.ts';

const WORDS_PER_RECORD = 4;

interface Cookie {
  readonly slot: number;
  readonly generation: number;
}

function resultOf(code: Code): number {
  const numbers: Readonly<Record<string, number>> = constants.errno;
  return code === undefined ? 0 : -(numbers[code] as number);
}

export class SimPoller {
  readonly isClosed = false;
  readonly memory: PollerMemory;
  readonly handle = {
    remove: (fd: number): number => resultOf(this.#set.remove(fd)),
    rebuild: (): number => 0,
  };
  readonly #set: SimSet<Cookie>;

  constructor(kernel: SimKernel, options: { capacity: number; isStrict: boolean }) {
    this.memory = new PollerMemory(options.capacity);
    this.#set = new SimSet(kernel, { style: 'epoll', isStrict: options.isStrict });
  }

  /** Itself, as the class that a Dispatcher takes. */
  get asPoller(): Poller {
    return this as unknown as Poller;
  }

  addRaw(fd: number, slot: number, generation: number, interest: number, trigger: Trigger): number {
    return resultOf(this.#set.add(fd, { slot, generation }, interest, trigger));
  }

  modifyRaw(fd: number, slot: number, generation: number, interest: number, trigger: Trigger) {
    return resultOf(this.#set.modify(fd, { slot, generation }, interest, trigger));
  }

  /** Fills the memory with what is certainly ready; the rest a kernel need not report. */
  wait(): number {
    const records = this.#set.wait().filter(({ isCertain }) => isCertain);
    records.forEach(({ cookie, known }, index) => {
      const at = RECORDS_AT + index * WORDS_PER_RECORD;
      this.memory.words.set([cookie.slot, cookie.generation, known, 0], at);
    });
    return records.length;
  }
}
