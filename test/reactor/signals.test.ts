// reactor.onSignal: subscriptions, several reactors, what is put back, what is refused.
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

it('leaves nothing behind in process', () => {
  const names = ['newListener', 'removeListener'] as const;
  const count = () => names.map((name) => process.listenerCount(name));
  const before = count();
  const reactor = descriptors.using(new Reactor());
  reactor.onSignal('SIGWINCH', () => undefined);
  expect(count()).not.toEqual(before);
  reactor.close();
  expect(count()).toEqual(before);
});

it('any number of reactors watch signals with one pair of listeners', () => {
  const before = process.listenerCount('newListener');
  const reactors = Array.from({ length: 12 }, () => descriptors.using(new Reactor()));
  for (const reactor of reactors) reactor.onSignal('SIGUSR2', () => undefined);
  expect(process.listenerCount('newListener')).toBe(before + 1);
  for (const reactor of reactors) reactor.close();
  expect(process.listenerCount('newListener')).toBe(before);
});
