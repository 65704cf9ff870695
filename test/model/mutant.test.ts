// The comparison must be able to fail: a reactor with registrations that have no generations.
import { expect, test } from 'vitest';
import type { Place } from '../../src/reactor/registration.ts';
import { SlotTable } from '../../src/reactor/slots.ts';
import { seedOfRun } from '../helpers/random.ts';
import { compareScripts, MODELLED } from './compare.ts';
import { reactorWith } from './subject.ts';

const seed = seedOfRun();
const SCRIPTS_MAX = 10_000;

/** Every occupant of a slot has the generation 0. */
class Generationless extends SlotTable {
  override take(): Place {
    return { slot: super.take().slot, generation: 0 };
  }
}

// Only epoll's entries outlive their number: elsewhere no event is ever of an earlier generation.
const hasEpoll = MODELLED.includes('epoll');

test.runIf(hasEpoll)(`a reactor without generations is caught, from seed ${seed}`, () => {
  const { failure } = compareScripts(
    'epoll',
    seed,
    SCRIPTS_MAX,
    reactorWith(() => new Generationless()),
  );
  // The event of a description that outlived its number reaches the next owner of the slot, or
  // is taken for one of its own.
  expect(failure).toMatch(/was called for|ghost/);
});

test.each(MODELLED)('%s: the same reactor with generations is not', (backend) => {
  const { failure } = compareScripts(
    backend,
    seed,
    1000,
    reactorWith(() => new SlotTable()),
  );
  expect(failure).toBeUndefined();
});

test.runIf(hasEpoll)('generations near their wrap are kept apart', () => {
  const nearWrap = reactorWith(() => new SlotTable(0xffff_fffd));
  expect(compareScripts('epoll', seed, 300, nearWrap).failure).toBeUndefined();
});
