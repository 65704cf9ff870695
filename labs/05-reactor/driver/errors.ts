// Scenarios of check 5.4: handlers, timers and deferred functions that throw.
import { Interest } from 'edgewise';
import { Miss } from '../../src/lab.ts';
import type { SimulatedTask } from '../../src/simulated/run.ts';
import { type Bench, onBoth } from './bench.ts';

const READY = 10;

class Planned extends Error {}

export const errors = (task: SimulatedTask): Promise<void> =>
  onBoth(task, throwing(1), throwing(2), elsewhere);

const throwing =
  (count: number) =>
  (bench: Bench): void => {
    let calls = 0;
    const thrown: Planned[] = [];
    for (let index = 0; index < READY; index++) {
      const fd = bench.stream({ unread: true });
      bench.watch(fd, Interest.Readable, () => {
        bench.drain(fd);
        if (++calls > count) return;
        thrown.push(new Planned(`number ${calls}`));
        throw thrown.at(-1);
      });
    }
    const caught = errorsOf(bench);
    if (calls === 0) throw new Miss('not called', `none of ${READY} that are ready`);
    if (calls < READY) {
      const got = `${calls} of ${READY} handlers were called in a turn in which ${thrown.length} have thrown`;
      throw new Miss('batch ended', got, { calls });
    }
    expectAll(thrown, caught);
    if (errorsOf(bench).length > 0) throw new Miss('thrown again', 'by the next turn');
  };

function elsewhere(bench: Bench): void {
  const thrown: Planned[] = [];
  let calls = 0;
  const fail = (): void => {
    calls++;
    thrown.push(new Planned(`number ${calls}`));
    throw thrown.at(-1);
  };
  bench.reactor.setTimeout(fail, 0);
  bench.reactor.setTimeout(() => calls++, 0);
  bench.reactor.defer(fail);
  bench.reactor.defer(() => calls++);
  const caught = errorsOf(bench);
  if (calls < 4) {
    const got = `${calls} of 4 timers and deferred functions were called, of which ${thrown.length} have thrown`;
    throw new Miss(calls === 0 ? 'not called' : 'batch ended', got, { calls });
  }
  expectAll(thrown, caught);
}

/** What a turn throws: nothing, an error, or several in one. */
function errorsOf({ reactor }: Bench): unknown[] {
  try {
    reactor.turn(0);
    return [];
  } catch (error) {
    if (error instanceof Miss) throw error;
    return error instanceof AggregateError ? [error, ...error.errors] : [error];
  }
}

function expectAll(thrown: readonly Planned[], caught: readonly unknown[]): void {
  const lost = thrown.filter((error) => !caught.includes(error)).length;
  const all = thrown.length;
  if (lost === 0) return;
  throw new Miss('swallowed', `turn threw ${all - lost} of ${all} errors of handlers`, { lost });
}
