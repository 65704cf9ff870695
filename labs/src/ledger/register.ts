// Loaded before a program under test (`node --import`): writes its system calls to the file that the
// environment names. docs/reactor.md says what a reactor in Node's loop does natively; that is not seen.
import { openSync, writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { threadId } from 'node:worker_threads';
import {
  CALLS,
  type LedgerCall,
  packInterest,
  RECORD_BYTES,
  THREAD_SHIFT,
  TIME_AT,
  Word,
} from './record.ts';

type Observing = typeof import('edgewise/testing');
type Polling = typeof import('edgewise');

/** Which arguments of a call are kept, besides its descriptor and what it asks for. */
const KEPT: Partial<Record<LedgerCall, readonly [a: number, b: number]>> = {
  socket: [0, 1],
  accept4: [2, 2],
  shutdown: [1, 1],
  setsockopt: [1, 2],
  fcntl: [1, 2],
  epoll_ctl: [1, 3],
  epoll_wait: [3, 3],
  'poller.wait': [0, 0],
};

const path = process.env.EDGEWISE_LEDGER ?? '';
const file = openSync(path, 'a');
const words = new Int32Array(RECORD_BYTES / 4);
const times = new Float64Array(words.buffer);
const numbers = new Map<string, number>(CALLS.map((name, number) => [name, number]));
const REPORT = CALLS.indexOf('report');

function write(
  call: number,
  fd: number,
  result: number,
  asked: number,
  a: number,
  b: number,
): void {
  words[Word.Call] = call | (threadId << THREAD_SHIFT);
  words[Word.Fd] = fd;
  words[Word.Result] = result;
  words[Word.Asked] = asked;
  words[Word.A] = a;
  words[Word.B] = b;
  times[TIME_AT] = performance.timeOrigin + performance.now();
  writeSync(file, words);
}

// The program's own copy of the package, wherever it has it from.
const program = createRequire(pathToFileURL(process.argv[1] ?? ''));
const load = (name: string): Promise<unknown> => import(pathToFileURL(program.resolve(name)).href);
const { observeKernel } = (await load('edgewise/testing')) as Observing;
const { Poller } = (await load('edgewise')) as Polling;

observeKernel({
  onCall(call, fd, result, asked, ...args) {
    const number = numbers.get(call.name);
    if (number === undefined) return;
    if (call.name === 'poller.add' || call.name === 'poller.modify') {
      const [, , token, interest, trigger] = args as number[];
      write(number, fd, result, asked, token ?? -1, packInterest(interest ?? 0, trigger ?? 0));
      return;
    }
    const [a = -1, b = -1] = KEPT[CALLS[number] as LedgerCall] ?? [];
    write(number, fd, result, asked, Number(args[a] ?? -1), Number(args[b] ?? -1));
  },
});

const { wait } = Poller.prototype;
Poller.prototype.wait = function (timeoutMs) {
  const count = wait.call(this, timeoutMs);
  for (let i = 0; i < count; i++) {
    write(REPORT, -1, 0, -1, this.events.token(i), this.events.readiness(i));
  }
  return count;
};
