// The reactor under test, behind the little that a script needs of it: the real one, or a Dispatcher
// with parts of one's own, which is where mutants come in.

import type { Backend, Trigger } from '../../src/poller/interest.ts';
import { Poller } from '../../src/poller/poller.ts';
import { Dispatcher, type DispatcherHost } from '../../src/reactor/dispatcher.ts';
import { Failures } from '../../src/reactor/failures.ts';
import { Reactor } from '../../src/reactor/reactor.ts';
import type { Handler, Registration } from '../../src/reactor/registration.ts';
import type { SlotTable } from '../../src/reactor/slots.ts';

/** The reactor under test: as much of it as a script needs. */
export interface Subject {
  register(fd: number, interest: number, handler: Handler, trigger: Trigger): Registration;
  /** Decides whether the next wait reports nothing, whatever is ready. Absent: none does. */
  planWait?(): boolean;
  /** turn(0) */
  turn(): void;
  close(): void;
  readonly registrationCount: number;
  readonly ghostsRemoved: number;
  readonly triggers: readonly Trigger[];
}

/** @param seed - of the script that it is for. */
export type MakeSubject = (backend: Backend, seed: number) => Subject;

const CAPACITY = 64;

export const realReactor: MakeSubject = (backend) => {
  const reactor = new Reactor({ backend, capacity: CAPACITY });
  return {
    register: (fd, interest, handler, trigger) =>
      reactor.register(fd, interest, handler, { trigger, data: undefined }),
    turn: () => void reactor.turn(0),
    close: () => reactor.close(),
    get registrationCount() {
      return reactor.registrationCount;
    },
    get ghostsRemoved() {
      return reactor.stats.ghostsRemoved;
    },
    triggers: reactor.capabilities.triggers,
  };
};

/** A Dispatcher over a Poller with a table of one's own: where mutants come in. */
export function reactorWith(makeSlots: () => SlotTable): MakeSubject {
  return (backend) => {
    const poller = new Poller({ backend, capacity: CAPACITY });
    const failures = new Failures();
    const host: DispatcherHost = { onPlanChange: () => undefined, onRebuild: () => undefined };
    const budget = { bytesLeft: 1, operationsLeft: 1 };
    const dispatcher = new Dispatcher(poller, host, failures, budget, undefined, makeSlots());
    const common = { data: undefined, isExclusive: false, scope: undefined };
    return {
      register: (fd, interest, handler, trigger) =>
        dispatcher.add({ fd, interest, handler, trigger, ...common }),
      turn: () => {
        const outer = dispatcher.saveBatch();
        const count = poller.wait(0);
        const errorsBefore = failures.take(); // of the turn whose handler has called this one
        const requeued = dispatcher.enter();
        dispatcher.deliverEvents(count);
        dispatcher.deliverRequeued(requeued);
        dispatcher.leave();
        dispatcher.restoreBatch(outer);
        const errors = failures.take();
        failures.putBack(errorsBefore);
        if (errors.length > 0) throw new AggregateError(errors);
      },
      close: () => {
        dispatcher.clear();
        poller.close();
      },
      get registrationCount() {
        return dispatcher.registrationCount;
      },
      get ghostsRemoved() {
        return dispatcher.ghostsRemoved;
      },
      triggers: poller.capabilities.triggers,
    };
  };
}
