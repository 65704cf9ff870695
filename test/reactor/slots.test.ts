// Slots and generations, near the end of the 32 bits as well.
import { describe, expect, it } from 'vitest';
import { Interest } from '../../src/poller/interest.ts';
import { Poller } from '../../src/poller/poller.ts';
import { Dispatcher } from '../../src/reactor/dispatcher.ts';
import { Failures } from '../../src/reactor/failures.ts';
import type { AnyRegistration } from '../../src/reactor/registration.ts';
import { SlotTable } from '../../src/reactor/slots.ts';
import { useDescriptors } from '../helpers/descriptors.ts';
import { drain, Recorder, send } from '../helpers/handlers.ts';
import { eachTrigger } from '../helpers/matrix.ts';

const descriptors = useDescriptors();
const LAST = 0xffff_ffff;

describe('SlotTable', () => {
  it('gives a slot again with the next generation', () => {
    const table = new SlotTable();
    expect([table.take(), table.take()]).toEqual([
      { slot: 0, generation: 0 },
      { slot: 1, generation: 0 },
    ]);
    table.give(0);
    expect(table.count).toBe(1);
    expect(table.take()).toEqual({ slot: 0, generation: 1 });
    expect(table.take()).toEqual({ slot: 2, generation: 0 });
    expect(table.count).toBe(3);
  });

  it.each([257, 65_537])('keeps a slot apart from itself %i registrations ago', (count) => {
    const table = new SlotTable();
    const first = table.take();
    for (let i = 0; i < count; i++) {
      table.give(0);
      expect(table.take().slot).toBe(0);
    }
    table.give(0);
    expect(table.take()).toEqual({ slot: 0, generation: first.generation + count + 1 });
  });

  it('never uses a slot again when its generation would wrap', () => {
    const table = new SlotTable(LAST - 1);
    expect(table.take()).toEqual({ slot: 0, generation: LAST - 1 });
    table.give(0);
    expect(table.take()).toEqual({ slot: 0, generation: LAST });
    table.give(0);
    expect(table.take()).toEqual({ slot: 1, generation: LAST - 1 });
    expect(table.count).toBe(1);
  });
});

eachTrigger((backend, trigger) => {
  it('delivers to the right registration across the wrap', () => {
    const poller = descriptors.using(new Poller({ backend }));
    const host = { onPlanChange: () => undefined, onRebuild: () => undefined };
    const budget = { bytesLeft: 1e6, operationsLeft: 100 };
    const slots = new SlotTable(LAST - 2);
    const failures = new Failures();
    const dispatcher = new Dispatcher(poller, host, failures, budget, undefined, slots);
    const turn = () => {
      const requeued = dispatcher.enter();
      dispatcher.deliverEvents(poller.wait(0));
      dispatcher.deliverRequeued(requeued);
      dispatcher.leave();
    };
    const add = (fd: number, handler: Recorder): AnyRegistration =>
      dispatcher.add({
        fd,
        handler,
        trigger,
        interest: Interest.Readable,
        data: undefined,
        isExclusive: false,
        scope: undefined,
      });
    const [ours, theirs] = descriptors.socketpair();
    const places: string[] = [];
    for (let i = 0; i < 8; i++) {
      const recorder = new Recorder((_readiness, registration) => {
        drain(registration.fd);
        registration.close();
      });
      const { slot, generation } = add(ours, recorder);
      places.push(`${slot}:${generation}`);
      send(theirs, 'x');
      turn();
      turn();
      expect(recorder.readiness).toEqual(['Readable']);
    }
    expect(new Set(places).size).toBe(8);
    expect(places.slice(2, 4)).toEqual([`0:${LAST}`, `1:${LAST - 2}`]);
    expect(dispatcher).toMatchObject({ staleDropped: 0, ghostsRemoved: 0, registrationCount: 0 });
    expect(failures.take()).toEqual([]);
  });
});
