// Simulated kernels with one mistake each.
import { constants as os } from 'node:os';
import { onTestFinished } from 'vitest';
import { EventCounter } from '../../../../src/testing/kernel/counters.ts';
import { InterestSet } from '../../../../src/testing/kernel/interest-set.ts';
import type { Machine } from '../../../../src/testing/kernel/machine.ts';
import { Poll, Watchers } from '../../../../src/testing/kernel/open-file.ts';
import { Socket } from '../../../../src/testing/kernel/socket.ts';
import { StreamEnd } from '../../../../src/testing/kernel/stream.ts';
import { DescriptorTable } from '../../../../src/testing/kernel/table.ts';

/** Has a method of a class do something else until the end of the test. */
export function mutate<Class extends object, Name extends keyof Class>(
  prototype: Class,
  name: Name,
  make: (original: Class[Name]) => Class[Name],
): void {
  const original = Object.getOwnPropertyDescriptor(prototype, name) as PropertyDescriptor;
  Object.defineProperty(prototype, name, {
    ...original,
    value: make(original.value as Class[Name]),
  });
  onTestFinished(() => {
    Object.defineProperty(prototype, name, original);
  });
}

export type Mutant = readonly [
  name: string,
  mutate: () => void,
  mutateMachine: (machine: Machine) => void,
];
const asItIs = (): void => undefined;

/** Of interest sets. */
export const OF_SETS: readonly Mutant[] = [
  [
    'reports an edge twice',
    () => {
      const last = new WeakMap<InterestSet, ReturnType<InterestSet['take']>>();
      mutate(
        InterestSet.prototype,
        'take',
        (take) =>
          function (this: InterestSet, countMax, first) {
            const reports = take.call(this, countMax, first);
            const again = (last.get(this) ?? []).filter(
              ({ slot }) => !reports.some((report) => report.slot === slot),
            );
            last.set(this, reports);
            return [...reports, ...again];
          },
      );
    },
    asItIs,
  ],
  [
    'does not disarm a oneshot',
    () => {
      mutate(
        InterestSet.prototype,
        'add',
        (add) =>
          function (this: InterestSet, fd, wanted, isExclusive) {
            return add.call(this, fd, { ...wanted, trigger: wanted.trigger & 1 }, isExclusive);
          },
      );
    },
    asItIs,
  ],
  [
    'forgets a ghost',
    () => {
      mutate(
        DescriptorTable.prototype,
        'close',
        (close) =>
          function (this: DescriptorTable, fd) {
            this.fileOf(fd)?.watchers.release();
            return close.call(this, fd);
          },
      );
    },
    asItIs,
  ],
  [
    'reports no room again',
    () => {
      mutate(
        Watchers.prototype,
        'notify',
        (notify) =>
          function (this: Watchers, activity, isChange) {
            if (activity !== 'space') notify.call(this, activity, isChange);
          },
      );
    },
    asItIs,
  ],
  [
    'lets one be added twice',
    () => {
      mutate(
        InterestSet.prototype,
        'add',
        (add) =>
          function (this: InterestSet, fd, wanted, isExclusive) {
            this.remove(fd);
            return add.call(this, fd, wanted, isExclusive);
          },
      );
    },
    asItIs,
  ],
];

/** Of connected streams. */
export const OF_STREAMS: readonly Mutant[] = [
  [
    'gives the end before the data',
    () => {
      mutate(
        StreamEnd.prototype,
        'read',
        (read) =>
          function (this: StreamEnd, into, isPeek) {
            return (this.poll() & Poll.ReadHangUp) !== 0 ? 0 : read.call(this, into, isPeek);
          },
      );
    },
    asItIs,
  ],
  [
    'has no EPIPE',
    () => {
      mutate(
        StreamEnd.prototype,
        'write',
        (write) =>
          function (this: StreamEnd, bytes, files) {
            const result = write.call(this, bytes, files);
            return result === -os.errno.EPIPE ? bytes.length : result;
          },
      );
    },
    asItIs,
  ],
  [
    'is writable though it is full',
    () => {
      mutate(
        StreamEnd.prototype,
        'write',
        (write) =>
          function (this: StreamEnd, bytes, files) {
            const result = write.call(this, bytes, files);
            return result === -os.errno.EAGAIN ? 0 : result;
          },
      );
    },
    asItIs,
  ],
  [
    'keeps SO_ERROR',
    () => {
      mutate(
        StreamEnd.prototype,
        'takeError',
        () =>
          function (this: StreamEnd) {
            return this.error;
          },
      );
    },
    asItIs,
  ],
  [
    'does not reset a connection that is closed with bytes unread',
    () => {
      mutate(
        StreamEnd.prototype,
        'release',
        (release) =>
          function (this: StreamEnd) {
            this.read(new Uint8Array(this.unread));
            release.call(this);
          },
      );
    },
    asItIs,
  ],
  [
    'sends no end',
    () => {
      mutate(
        StreamEnd.prototype,
        'shutdown',
        (shutdown) =>
          function (this: StreamEnd, reading) {
            return shutdown.call(this, reading, false);
          },
      );
    },
    asItIs,
  ],
  [
    'reports no hang-up',
    () => {
      mutate(
        StreamEnd.prototype,
        'poll',
        (poll) =>
          function (this: StreamEnd) {
            return poll.call(this) & ~Poll.HangUp;
          },
      );
    },
    asItIs,
  ],
  [
    'does not know SO_LINGER',
    () => {
      mutate(Socket.prototype, 'setLinger', () => () => undefined);
    },
    asItIs,
  ],
];

/** Of sockets and counters. */
export const OF_SOCKETS: readonly Mutant[] = [
  [
    'takes what it looks at',
    () => {
      mutate(
        Socket.prototype,
        'receive',
        (receive) =>
          function (this: Socket, into) {
            return receive.call(this, into, false);
          },
      );
    },
    asItIs,
  ],
  [
    'gives datagrams in another order',
    () => {
      mutate(
        Socket.prototype,
        'accept',
        () =>
          function (this: Socket, datagram) {
            this.changing('data', () => this.datagrams.unshift(datagram));
          },
      );
    },
    asItIs,
  ],
  [
    'accepts the last one first',
    asItIs,
    (machine) => {
      const { calls, table } = machine;
      const { accept } = calls;
      calls.accept = (fd, slot, flags) => {
        const file = table.fileOf(fd);
        const queue = file instanceof Socket ? (file.listening?.queue ?? []) : [];
        queue.reverse();
        const result = accept.call(calls, fd, slot, flags);
        queue.reverse();
        return result;
      };
    },
  ],
  [
    'has a longer backlog',
    asItIs,
    ({ calls }) => {
      const { listen } = calls;
      calls.listen = (fd, backlog) => listen.call(calls, fd, backlog + 1);
    },
  ],
  [
    'does not empty a counter',
    () => {
      mutate(
        EventCounter.prototype,
        'read',
        (read) =>
          function (this: EventCounter, into) {
            const result = read.call(this, into);
            if (result > 0) this.write(into);
            return result;
          },
      );
    },
    asItIs,
  ],
];
