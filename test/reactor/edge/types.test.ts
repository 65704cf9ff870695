// What the compiler refuses of a handler of `registerEdge`: the seven mistakes that were seeded when it
// was designed. What it cannot see the reactor does: edge.test.ts.
import { expect, it } from 'vitest';
import { type EdgeHandler, isBytes, type Settled } from '../../../src/index.ts';

const bytes = new Uint8Array(64);
const ignore = (_count: number): void => undefined;

it('a handler that goes on until nothing is left compiles, and so does each way to stop early', () => {
  const drains: EdgeHandler = {
    onReady(edge) {
      for (;;) {
        const count = edge.recv(bytes);
        if (!isBytes(count)) return edge.settled(count);
        const over = edge.charge(count);
        if (over) return over;
      }
    },
  };
  const stops: EdgeHandler<string>[] = [
    { onReady: (edge) => edge.requeued() },
    { onReady: (edge) => edge.closed() },
    { onReady: (edge) => edge.paused() },
    { onReady: (edge) => edge.idle('write') },
  ];
  expect([drains, ...stops]).toHaveLength(5);
});

it('seven mistakes are errors of the compiler', () => {
  const mistakes: EdgeHandler[] = [
    {
      // @ts-expect-error it reads once, and goes off the end
      onReady(edge) {
        ignore(edge.recv(bytes));
      },
    },
    {
      onReady(edge) {
        const count = edge.recv(bytes);
        // @ts-expect-error some bytes settle nothing
        return edge.settled(count);
      },
    },
    {
      // @ts-expect-error one branch returns early
      onReady(edge) {
        const count = edge.recv(bytes);
        if (isBytes(count)) return;
        return edge.settled(count);
      },
    },
    {
      // @ts-expect-error a promise settles nothing
      async onReady(edge) {
        const count = edge.recv(bytes);
        return isBytes(count) ? edge.requeued() : edge.settled(count);
      },
    },
    {
      // @ts-expect-error a bare -errno is no result of a call
      onReady: (edge) => edge.settled(-11),
    },
    {
      // @ts-expect-error an object of one's own
      onReady: () => ({}),
    },
  ];
  const old = (_readiness: number): void => undefined;
  // @ts-expect-error a handler of `register`
  mistakes.push({ onReady: old });
  expect(mistakes).toHaveLength(7);
});

it('`charge` alone is no return, since it may say to go on', () => {
  const mistake: EdgeHandler = {
    // @ts-expect-error undefined says to go on
    onReady(edge): Settled | undefined {
      return edge.charge();
    },
  };
  expect(mistake.onReady).toBeTypeOf('function');
});
