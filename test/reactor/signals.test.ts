// reactor.onSignal: subscriptions, several reactors, what is put back, what is refused.
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { expect, it } from 'vitest';
import { Reactor } from '../../src/reactor/reactor.ts';
import { useDescriptors } from '../helpers/descriptors.ts';
import { turnIdly, turnUntil } from '../helpers/handlers.ts';
import { eachBackend } from '../helpers/matrix.ts';

const descriptors = useDescriptors();
const raise = (signal: NodeJS.Signals) => process.kill(process.pid, signal);

eachBackend((backend) => {
  const make = () => descriptors.using(new Reactor({ backend }));

  it('calls all handlers of all reactors, once for several', () => {
    const calls: string[] = [];
    const reactors = [make(), make()];
    for (const [index, reactor] of reactors.entries()) {
      for (const name of ['a', 'b'])
        reactor.onSignal('SIGUSR2', () => calls.push(`${name}${index}`));
    }
    for (let i = 0; i < 3; i++) raise('SIGUSR2');
    for (const reactor of reactors)
      turnUntil(reactor, () => calls.length % 2 === 0 && calls.length > 0);
    for (const reactor of reactors) turnIdly(reactor);
    expect(calls.sort()).toEqual(['a0', 'a1', 'b0', 'b1']);
  });

  it('keeps several signals apart', () => {
    const reactor = make();
    const calls: string[] = [];
    for (const signal of ['SIGUSR2', 'SIGWINCH', 'SIGHUP'] as const) {
      reactor.onSignal(signal, (name) => calls.push(name));
    }
    raise('SIGHUP');
    raise('SIGWINCH');
    turnUntil(reactor, () => calls.length === 2);
    turnIdly(reactor);
    expect(calls.sort()).toEqual(['SIGHUP', 'SIGWINCH']);
  });

  it('ends with its subscription, also inside a handler', () => {
    const reactor = make();
    const calls: string[] = [];
    const first = reactor.onSignal('SIGWINCH', () => {
      calls.push('first');
      first.close();
      second.close();
    });
    const second = reactor.onSignal('SIGWINCH', () => calls.push('second'));
    raise('SIGWINCH');
    turnUntil(reactor, () => calls.length > 0);
    raise('SIGWINCH'); // ignored by default
    turnIdly(reactor);
    expect(calls).toEqual(['first']);
    first.close();
    reactor.onSignal('SIGWINCH', () => calls.push('again'));
    raise('SIGWINCH');
    turnUntil(reactor, () => calls.length > 1);
    expect(calls).toEqual(['first', 'again']);
  });

  it('passes a handler that throws', () => {
    const reactor = make();
    let calls = 0;
    reactor.onSignal('SIGUSR2', () => {
      throw new Error('of the signal');
    });
    reactor.onSignal('SIGUSR2', () => calls++);
    raise('SIGUSR2');
    const turns = () => turnUntil(reactor, () => calls > 0);
    expect(turns).toThrow(expect.objectContaining({ message: 'of the signal' }));
    expect(calls).toBe(1);
  });

  it('refuses what is no signal, and those that cannot be caught', () => {
    const reactor = make();
    const subscribe = (name: unknown) => () =>
      reactor.onSignal(name as NodeJS.Signals, () => undefined);
    for (const name of ['SIGNOTHING', 'toString', 15, null, undefined, {}]) {
      expect(subscribe(name)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }));
    }
    for (const name of ['SIGKILL', 'SIGSTOP']) {
      const refused = expect.objectContaining({ code: 'EINVAL', syscall: 'sigaction' });
      expect(subscribe(name)).toThrow(refused);
    }
  });
});

it('adds no listener to process', () => {
  const names = ['newListener', 'removeListener', 'SIGWINCH'] as const;
  const count = () => names.map((name) => process.listenerCount(name));
  const before = count();
  const reactor = descriptors.using(new Reactor());
  reactor.onSignal('SIGWINCH', () => undefined);
  expect(count()).toEqual(before);
});

it('any number of reactors watch signals', () => {
  const reactors = Array.from({ length: 100 }, () => descriptors.using(new Reactor()));
  const heard = new Set<number>();
  for (const [index, reactor] of reactors.entries()) {
    reactor.onSignal('SIGUSR2', () => heard.add(index));
  }
  raise('SIGUSR2');
  for (const [index, reactor] of reactors.entries()) turnUntil(reactor, () => heard.has(index));
  expect(heard.size).toBe(100);
});

it('a signal that came before its subscription was closed wakes no turn again', () => {
  const reactor = descriptors.using(new Reactor());
  const calls: string[] = [];
  reactor.onSignal('SIGUSR2', () => calls.push('SIGUSR2'));
  const closed = reactor.onSignal('SIGWINCH', () => calls.push('SIGWINCH'));
  raise('SIGWINCH');
  raise('SIGUSR2');
  closed.close();
  turnUntil(reactor, () => calls.length > 0);
  turnIdly(reactor);
  const only = descriptors.using(new Reactor());
  const last = only.onSignal('SIGWINCH', () => calls.push('SIGWINCH'));
  raise('SIGWINCH');
  last.close(); // nothing is watched any more
  turnIdly(only);
  const { waits } = only.stats;
  only.turn(5); // would end at once if the signal were still there to be read
  expect(only.stats.waits).toBe(waits + 1);
  expect(only.stats.emptyWakes).toBe(0);
  expect(calls).toEqual(['SIGUSR2']);
});

it('a worker goes on watching while process.on of the main thread comes and goes', async () => {
  const worker = new Worker(new URL('../workers/signalled.mjs', import.meta.url));
  await once(worker, 'message');
  const listener = () => undefined;
  for (let round = 0; round < 3; round++) {
    const heard = once(worker, 'message');
    raise('SIGUSR2');
    expect(await heard).toEqual(['SIGUSR2']);
    if (round === 0) process.on('SIGUSR2', listener);
    else process.off('SIGUSR2', listener);
  }
  await worker.terminate();
});
