// AsyncLocalStorage: which callbacks run in the context of the call that handed them over.
import { AsyncLocalStorage } from 'node:async_hooks';
import { execFileSync } from 'node:child_process';
import { setImmediate as nextLoopPass } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { Interest } from '../../src/poller/interest.ts';
import { DRIVER_MODES } from '../../src/reactor/driver.ts';
import { Reactor } from '../../src/reactor/reactor.ts';
import { useDescriptors } from '../helpers/descriptors.ts';
import { Recorder } from '../helpers/handlers.ts';
import { eachDriver } from '../helpers/matrix.ts';

const descriptors = useDescriptors();
const storage = new AsyncLocalStorage<string>();

/** Registers one of each callback inside the context `name`. @returns what each of them finds. */
function registerAll(reactor: Reactor, name: string): Record<string, string | undefined> {
  const found: Record<string, string | undefined> = {};
  const note = (what: string) => () => {
    found[what] = storage.getStore();
  };
  storage.run(name, () => {
    const recorder = new Recorder((_readiness, registration) => {
      note('handler')();
      registration.close();
    });
    reactor.register(descriptors.socketpair()[0], Interest.Writable, recorder);
    reactor.setTimeout(note('timer'), 0);
    reactor.defer(note('deferred'));
    const waker = reactor.createWaker(() => {
      note('waker')();
      waker.close();
    });
    waker.wake();
  });
  return found;
}

function allIn(context: string | undefined): Record<string, string | undefined> {
  return { handler: context, timer: context, deferred: context, waker: context };
}

describe('turn', () => {
  it('keeps the context of each callback with asyncContext, and the one of the turn without', () => {
    for (const asyncContext of [true, false]) {
      const reactor = descriptors.using(new Reactor({ asyncContext }));
      const [one, two] = [registerAll(reactor, 'one'), registerAll(reactor, 'two')];
      storage.run('turn', () => {
        for (let i = 0; i < 3; i++) reactor.turn(0);
      });
      expect(one).toEqual(allIn(asyncContext ? 'one' : 'turn'));
      expect(two).toEqual(allIn(asyncContext ? 'two' : 'turn'));
      expect(storage.getStore()).toBeUndefined();
    }
  });

  it('lets a registration decide for itself', () => {
    for (const asyncContext of [true, false]) {
      const reactor = descriptors.using(new Reactor({ asyncContext: !asyncContext }));
      const found: (string | undefined)[] = [];
      const recorder = new Recorder(() => found.push(storage.getStore()));
      storage.run('registered', () => {
        const fd = descriptors.socketpair()[0];
        reactor.register(fd, Interest.Writable, recorder, { asyncContext });
      });
      storage.run('turn', () => reactor.turn(0));
      expect(found).toEqual([asyncContext ? 'registered' : 'turn']);
    }
  });

  it('gives each registration of a shared handler its own context', () => {
    const reactor = descriptors.using(new Reactor({ asyncContext: true }));
    const found = new Map<number, string | undefined>();
    const handler = new Recorder((_readiness, { fd }) => found.set(fd, storage.getStore()));
    const fds = Array.from({ length: 10 }, () => descriptors.socketpair()[0]);
    for (const fd of fds) {
      storage.run(`of ${fd}`, () => reactor.register(fd, Interest.Writable, handler));
    }
    reactor.turn(0);
    expect(found).toEqual(new Map(fds.map((fd) => [fd, `of ${fd}`])));
  });

  it('keeps the context when the handler throws, and leaves none behind', () => {
    const reactor = descriptors.using(new Reactor({ asyncContext: true }));
    const handler = new Recorder(() => {
      throw new Error(storage.getStore());
    });
    storage.run('inside', () =>
      reactor.register(descriptors.socketpair()[0], Interest.Writable, handler),
    );
    expect(() => reactor.turn(0)).toThrow(expect.objectContaining({ message: 'inside' }));
    expect(storage.getStore()).toBeUndefined();
  });

  it('keeps the context of re-queued registrations', () => {
    const reactor = descriptors.using(new Reactor({ asyncContext: true }));
    const found: (string | undefined)[] = [];
    const handler = new Recorder(() => found.push(storage.getStore()));
    storage.run('queued', () =>
      reactor.register(descriptors.socketpair()[0], Interest.Readable, handler).requeue(),
    );
    reactor.turn(0);
    expect(found).toEqual(['queued']);
  });
});

describe('attach', () => {
  it.each(DRIVER_MODES)('%s: keeps its context after a garbage collection', (driver) => {
    const script = fileURLToPath(new URL('../workers/attached-context.mjs', import.meta.url));
    const out = execFileSync(process.execPath, ['--expose-gc', script, driver], {
      encoding: 'utf8',
    });
    const found = { deferred: 'attached', timer: 'attached' };
    expect(JSON.parse(out)).toEqual({ before: found, after: found, isSameResource: true });
  });
});

eachDriver((backend, driver) => {
  it('keeps the context for what a handler awaits', async () => {
    const reactor = descriptors.using(new Reactor({ backend, asyncContext: true }));
    const found: string[] = [];
    const handler = new Recorder(async (_readiness, registration) => {
      registration.close();
      await nextLoopPass();
      found.push(`${storage.getStore()}`);
      if (found.length === 2) reactor.stop();
    });
    for (const name of ['one', 'two']) {
      storage.run(name, () =>
        reactor.register(descriptors.socketpair()[0], Interest.Writable, handler),
      );
    }
    reactor.setTimeout(() => undefined, 1e6); // stop() ends it
    await storage.run('run', () => reactor.run({ driver }));
    expect(found.sort()).toEqual(['one', 'two']);
  });
});
