// What two looks at a process from outside find, by samples that are written down: for each code one
// that has it, and a twin that has not.
import { describe, expect, it, onTestFinished } from 'vitest';
import { AuditBook } from '../../src/audit/findings.ts';
import { candidatesOf } from '../../src/audit/outside.ts';
import { type OpenDescriptor, type Sample, takeSample } from '../../src/audit/sample.ts';
import type { SetEntry, SocketFacts } from '../../src/audit/texts.ts';
import { installKernel } from '../../src/kernel.ts';
import * as sys from '../../src/sys/index.ts';

const isLinux = process.platform === 'linux';
const { EPOLLIN, EPOLLOUT, EPOLLET, EPOLLONESHOT, EPOLLERR, EPOLLHUP } = sys.constants;
const { O_NONBLOCK } = sys.constants;
const SET = 3;

interface Facts {
  fd?: number;
  events?: number;
  inode?: number;
  isOpen?: boolean;
  now?: number;
  flags?: number;
  socket?: Partial<SocketFacts>;
  isWatched?: boolean;
}

const TCP = { protocol: 'tcp', state: 'established', receiveQueue: 0, sendQueue: 0 } as const;

/** A process with one set and some sockets. */
function sampleOf(all: readonly Facts[], waited: Sample['waited'] = new Set([SET])): Sample {
  const descriptors = new Map<number, OpenDescriptor>();
  const entries: SetEntry[] = [];
  for (const facts of all) {
    const { fd = 5, events = EPOLLIN, inode = 100 + fd, flags = O_NONBLOCK, now = inode } = facts;
    const socket = { ...TCP, ...facts.socket };
    if (facts.isOpen !== false) {
      descriptors.set(fd, { fd, link: `socket:[${now}]`, flags, inode: now, socket });
    }
    const bits = events | EPOLLERR | EPOLLHUP;
    if (facts.isWatched !== false) entries.push({ fd, events: bits >>> 0, data: [fd, 0], inode });
  }
  return { pid: 1, at: 0, descriptors, sets: [{ fd: SET, entries }], waited, cpuTicks: 0 };
}

/** Codes that two looks find. */
function find(first: readonly Facts[], second = first, options: FindOptions = {}): string[] {
  const { isBusy = false, waited = new Set([SET]) } = options;
  const book = new AuditBook();
  expect(book.judge(candidatesOf(sampleOf(first), true), 1, false, true)).toEqual([]);
  const candidates = candidatesOf(sampleOf(second, waited), isBusy);
  return book.judge(candidates, 2, true, true).map(({ code, fd }) => `${code} ${fd}`);
}

interface FindOptions {
  isBusy?: boolean;
  waited?: Sample['waited'];
}

const edge = (receiveQueue: number, more: Partial<SocketFacts> = {}): Facts => ({
  events: EPOLLIN | EPOLLET,
  socket: { receiveQueue, ...more },
});

describe.runIf(isLinux)('two looks', () => {
  it('GHOST', () => {
    expect(find([{ isOpen: false }])).toEqual(['GHOST 5']);
    expect(find([{ now: 7 }])).toContain('GHOST 5');
    expect(find([{}])).toEqual([]);
    expect(find([{ isOpen: false }], [])).toEqual([]);
  });

  it('UNDRAINED', () => {
    expect(find([edge(9)])).toEqual(['UNDRAINED 5']);
    expect(find([edge(9)], [edge(20)])).toEqual(['UNDRAINED 5']);
    expect(find([edge(9)], [edge(4)])).toEqual([]); // it is being read
    expect(find([edge(9)], [edge(0)])).toEqual([]);
    expect(find([edge(9)], [edge(9)], { waited: new Set([-1]) })).toEqual([]); // the thread is busy
    expect(find([edge(9)], [edge(9)], { waited: undefined })).toEqual(['UNDRAINED 5']);
    expect(find([{ ...edge(9), events: EPOLLIN }])).toEqual([]); // level: it is reported again
    expect(find([{ ...edge(9), events: EPOLLET }])).toEqual([]); // paused
  });

  it('UNDRAINED: an end alone is none, and what is before it is', () => {
    expect(find([edge(1, { state: 'close-wait' })])).toEqual([]);
    expect(find([edge(2, { state: 'close-wait' })])).toEqual(['UNDRAINED 5']);
  });

  it('UNREAD', () => {
    const paused = { events: 0, socket: { receiveQueue: 9, state: 'close-wait' } } as const;
    expect(find([paused])).toEqual(['UNREAD 5']);
    expect(find([{ ...paused, events: EPOLLIN }])).toEqual([]);
    expect(find([{ ...paused, socket: { receiveQueue: 9 } }])).toEqual([]);
  });

  it('DISARMED', () => {
    expect(find([{ events: EPOLLONESHOT | EPOLLIN }])).toEqual([]);
    const sample = sampleOf([{ events: EPOLLONESHOT }]);
    const fired = { ...(sample.sets[0]?.entries[0] as SetEntry), events: EPOLLONESHOT };
    const look = candidatesOf({ ...sample, sets: [{ fd: SET, entries: [fired] }] }, false);
    expect(look.map(({ code }) => code)).toEqual(['DISARMED']);
  });

  it('ARMED_IDLE_WRITER', () => {
    const writer = { events: EPOLLIN | EPOLLOUT };
    expect(find([writer], [writer], { isBusy: true })).toEqual(['ARMED_IDLE_WRITER 5']);
    expect(find([writer])).toEqual([]); // no CPU is used
    const sending = { ...writer, socket: { sendQueue: 9 } };
    expect(find([sending], [sending], { isBusy: true })).toEqual([]);
    const edged = { events: EPOLLOUT | EPOLLET };
    expect(find([edged], [edged], { isBusy: true })).toEqual([]);
  });

  it('BLOCKING', () => {
    expect(find([{ flags: 0 }])).toEqual(['BLOCKING 5']);
    expect(find([{ flags: O_NONBLOCK }])).toEqual([]);
  });

  it('UNWATCHED', () => {
    expect(find([{ isWatched: false }])).toEqual(['UNWATCHED 5']);
    expect(find([{ isWatched: false, flags: 0 }])).toEqual([]); // it is waited for by its calls
    expect(find([{ isWatched: false, socket: { state: 'other' } }])).toEqual([]);
    expect(find([{ isWatched: false, fd: 1 }])).toEqual([]);
    expect(find([{ isWatched: false, fd: 8, inode: 105 }, {}])).toEqual([]); // a duplicate is watched
  });

  it('DUPLICATE', () => {
    expect(find([{ fd: 5 }, { fd: 8, inode: 105 }])).toEqual(['DUPLICATE 8']);
    expect(find([{ fd: 5 }, { fd: 8 }])).toEqual([]);
  });

  it('BACKLOG', () => {
    const listener = (receiveQueue: number): Facts => ({
      socket: { state: 'listening', receiveQueue },
    });
    expect(find([listener(4)])).toEqual(['BACKLOG 5']);
    expect(find([listener(4)], [listener(3)])).toEqual([]);
    expect(find([listener(0)])).toEqual([]);
  });
});

it.runIf(isLinux).each([
  ['there is no /proc', 'ENOENT', -2, 'ERR_AUDIT_UNSUPPORTED'],
  ["the process is another user's", 'EACCES', -13, 'EACCES'],
  ['no descriptor is left', 'EMFILE', -24, 'EMFILE'],
])('one error says that %s', (_, code, errno, expected) => {
  const readdirSync = () => {
    throw Object.assign(new Error(code), { code, errno });
  };
  onTestFinished(installKernel({ readdirSync }));
  expect(() => takeSample(process.pid)).toThrow(expect.objectContaining({ code: expected }));
});

describe('the book', () => {
  const seen = { code: 'GHOST', fd: 5, identity: 'a', what: 'is', isCertain: true } as const;

  it('says since when', () => {
    const book = new AuditBook();
    expect(book.judge([seen], 1, false)).toMatchObject([{ code: 'GHOST', since: 1 }]);
    expect(book.judge([seen], 2, true)).toMatchObject([{ since: 1 }]);
    expect(book.judge([], 3, true)).toEqual([]);
    expect(book.judge([seen], 4, true)).toMatchObject([{ since: 4 }]);
    expect(book.judge([{ ...seen, identity: 'b' }], 5, true)).toMatchObject([{ since: 5 }]);
  });

  it('what was confirmed stays found, as long as it lasts', () => {
    const book = new AuditBook();
    const unsure = { ...seen, isCertain: false, amount: 4 };
    const judge = (amount: number, at: number, confirms: boolean) =>
      book.judge([{ ...unsure, amount }], at, confirms).length;
    expect([judge(4, 1, true), judge(4, 2, false), judge(4, 3, true)]).toEqual([0, 0, 1]);
    expect([judge(5, 4, false), judge(3, 5, true), judge(3, 6, true)]).toEqual([1, 0, 1]);
  });

  it('each finding says what to do', () => {
    const [finding] = new AuditBook().judge([seen], 1, false);
    expect(finding?.fix).toMatch(/^remove it from the set/);
  });
});
