// How much a level-triggered connection reads in one turn: once, and on after a read that has filled
// the memory, as far as the budget goes. Edge: test/behaviour/semantics/edge.test.ts.
import { describe, expect } from 'vitest';
import { adoptConnection } from '../../../src/net/inherit/adopt.ts';
import { Reactor } from '../../../src/reactor/reactor.ts';
import * as sys from '../../../src/sys/index.ts';
import { itUncut, sendWhole } from '../../helpers/cuts.ts';
import { must, useDescriptors } from '../../helpers/descriptors.ts';

const FULL = 64 * 1024;
const REST = 100;

describe('a level-triggered connection', () => {
  const descriptors = useDescriptors();

  /** Sizes of what the handler is given, turn by turn. */
  function sizesPerTurn(budgetBytes: number, turns: number): number[][] {
    const reactor = descriptors.using(new Reactor({ budget: { bytes: budgetBytes } }));
    const [ours, theirs] = descriptors.socketpair();
    let sizes: number[] = [];
    adoptConnection(must(sys.dup(ours)), {
      trigger: 'level',
      reactor,
      handlers: { data: (_, bytes) => void sizes.push(bytes.length) },
    });
    reactor.turn(0); // open
    sendWhole(theirs, Buffer.alloc(2 * FULL + REST, 'x'));
    return Array.from({ length: turns }, () => {
      sizes = [];
      reactor.turn(0);
      return sizes;
    });
  }

  itUncut('reads on after a full read, and not after a short one', async () => {
    expect(sizesPerTurn(1024 * 1024, 2)).toEqual([[FULL, FULL, REST], []]);
  });

  itUncut('leaves what is beyond the budget to the next turns', async () => {
    expect(sizesPerTurn(FULL + 1, 2)).toEqual([[FULL, FULL], [REST]]);
    expect(sizesPerTurn(1, 3)).toEqual([[FULL], [FULL], [REST]]);
  });
});
