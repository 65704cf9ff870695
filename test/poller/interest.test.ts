// Interest and Readiness: their numbers are those of native/core/poller.h, and their types are two.
// The lines marked as errors are checked by `tsc -p tsconfig.json`: one that compiles fails it.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Interest, type Poller, type Reactor, Readiness, readinessNames } from '../../src/index.ts';
import type { Registration } from '../../src/reactor/registration.ts';

const handler = { onReady: () => undefined };

/** Never called: what it holds is for the compiler. */
function typesOf(reactor: Reactor, poller: Poller, registration: Registration): void {
  // Each alone, and combined with `|`.
  reactor.register(7, Interest.Readable, handler);
  reactor.register(7, Interest.Readable | Interest.Writable, handler);
  poller.add(7, 1, Interest.None);
  let interest = Interest.Readable;
  interest |= Interest.Writable;
  registration.setInterest(interest);
  registration.setInterest(registration.interest & ~Interest.Writable);
  registration.requeue(Readiness.Readable);
  registration.charge(1, Readiness.Readable | Readiness.ReadClosed);

  // @ts-expect-error: a readiness is no interest
  reactor.register(7, Readiness.ReadClosed, handler);
  // @ts-expect-error: a readiness is no interest
  reactor.register(7, Readiness.Readable, handler);
  // @ts-expect-error: a readiness is no interest
  poller.add(7, 1, Readiness.Writable);
  // @ts-expect-error: a readiness is no interest
  poller.modify(7, 1, Readiness.Error, 'edge');
  // @ts-expect-error: a readiness is no interest
  registration.setInterest(Readiness.Priority);
  // @ts-expect-error: an interest is no readiness
  registration.requeue(Interest.Readable);
  // @ts-expect-error: an interest is no readiness
  registration.charge(1, Interest.Readable);
  reactor.register(7, Interest.Readable, {
    onReady(readiness, of) {
      if ((readiness & Readiness.Readable) !== 0) of.requeue(readiness);
      // @ts-expect-error: what was reported is not what is wanted
      of.setInterest(readiness);
    },
  });
}

describe('Interest and Readiness', () => {
  it('are two types: one in place of the other does not compile', () => {
    expect(typesOf).toHaveLength(3); // and tsc has read its lines
  });

  it('share the bits of what can be wanted, and only those', () => {
    const { None: none, ...wanted } = Interest;
    expect(none).toBe(0);
    expect(Readiness).toMatchObject(wanted);
    expect(Object.keys(Readiness).slice(Object.keys(wanted).length)).toEqual([
      'WriteClosed',
      'Error',
    ]);
  });

  it('are the numbers of native/core/poller.h', () => {
    const header = readFileSync(new URL('../../native/core/poller.h', import.meta.url), 'utf8');
    for (const [name, bit] of Object.entries(Readiness)) {
      const [, value] = new RegExp(`\\bk${name} = ([^,;]+)[,;]`).exec(header) ?? [];
      expect([name, value]).toEqual([name, expect.any(String)]);
      const [one, shift] = `${value}`.split('<<').map((text) => Number.parseInt(text, 10));
      expect([name, (one as number) << (shift ?? 0)]).toEqual([name, bit]);
    }
  });

  it('are named by readinessNames', () => {
    expect(readinessNames(Readiness.Readable | Readiness.Error)).toBe('Readable|Error');
    expect(readinessNames(Interest.None)).toBe('None');
  });
});
