// The exit of processes: children, children of others, zombies and processes that are gone.
import { AsyncLocalStorage } from 'node:async_hooks';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { release } from 'node:os';
import { createInterface } from 'node:readline';
import { describe, expect, it } from 'vitest';
import { defaultReactor, Poller } from '../../src/index.ts';
import { type ProcessExit, type WatchExitOptions, watchExit } from '../../src/process/exit.ts';
import { Reactor } from '../../src/reactor/reactor.ts';
import { useDescriptors } from '../helpers/descriptors.ts';

const isLinux = process.platform === 'linux';
// Before Linux 6.15 it is not known when Node was faster and has waited for its child.
const [major = 0, minor = 0] = release().split('.').map(Number);
const isStatusSure = !isLinux || major > 6 || (major === 6 && minor >= 15);
const known = <T>(value: T) => (isStatusSure ? value : expect.toBeOneOf([value, undefined]));

/** A child that goes on until its standard input ends, or is killed. */
function child(then: string): ChildProcess & { readonly pid: number } {
  const made = spawn('sh', ['-c', `read line; ${then}`], { stdio: ['pipe', 'pipe', 'inherit'] });
  return made as ChildProcess & { pid: number };
}

function exitOf(pid: number, options: WatchExitOptions): Promise<ProcessExit> {
  return new Promise((resolve) => watchExit(pid, options, resolve));
}

describe.each(Poller.backends)('exits on %s', (backend) => {
  const descriptors = useDescriptors();

  it('are reported once with the code, and the parent has it too', async () => {
    const reactor = descriptors.using(new Reactor({ backend }));
    reactor.attach();
    const process = child('exit 7');
    const closed = once(process, 'close');
    const reported: ProcessExit[] = [];
    const watch = watchExit(process.pid, { reactor }, (exit) => reported.push(exit));
    expect(watch.isClosed).toBe(false);
    process.stdin?.end();
    expect(await closed).toEqual([7, null]);
    await reactor.run(); // until nothing is watched any more
    const [code, status] = [known(7), known(7 << 8)];
    expect(reported).toEqual([{ pid: process.pid, code, signal: undefined, status }]);
    expect(watch.isClosed).toBe(true);
    expect(watch.kill()).toBe(false);
    expect(reactor.registrationCount).toBe(0);
  });
});

describe('exits', () => {
  const descriptors = useDescriptors();

  function attached(): Reactor {
    const reactor = descriptors.using(new Reactor());
    reactor.attach();
    return reactor;
  }

  it('by a signal have its name', async () => {
    const reactor = attached();
    const process = child('exit 0');
    const closed = once(process, 'close');
    const exit = new Promise<ProcessExit>((resolve) => {
      expect(watchExit(process.pid, { reactor }, resolve).kill('SIGKILL')).toBe(true);
    });
    const [signal, status] = [known('SIGKILL'), known(9)];
    expect(await exit).toEqual({ pid: process.pid, code: undefined, signal, status });
    expect(await closed).toEqual([null, 'SIGKILL']);
  });

  it('of a zombie are reported in the next turn, and it stays its parent’s', async () => {
    const reactor = descriptors.using(new Reactor());
    const process = child('exit 3');
    const closed = once(process, 'close');
    process.kill('SIGKILL');
    // Node's loop does not run in between, so it was not waited for.
    const reported: ProcessExit[] = [];
    watchExit(process.pid, { reactor }, (exit) => reported.push(exit));
    while (reported.length === 0) reactor.turn(-1);
    watchExit(process.pid, { reactor }, (exit) => reported.push(exit)); // a zombie now
    expect(reported).toHaveLength(1); // not inside the call
    expect(reactor.turn(-1)).toBe(1);
    expect(reported.map(({ signal }) => signal)).toEqual(['SIGKILL', 'SIGKILL']);
    expect(await closed).toEqual([null, 'SIGKILL']);
  });

  it('of a process that is gone are ESRCH', async () => {
    const process = child('exit 0');
    const closed = once(process, 'close');
    process.stdin?.end();
    await closed;
    const watching = () => watchExit(process.pid, { reactor: attached() }, () => undefined);
    const error = { code: 'ESRCH', pid: process.pid };
    expect(watching).toThrow(expect.objectContaining(error));
  });

  it('of another’s child are reported', async () => {
    const reactor = attached();
    const parent = spawn('sh', ['-c', 'sleep 1000 & echo $!; wait'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const closed = once(parent, 'close');
    const [line] = await once(createInterface({ input: parent.stdout }), 'line');
    const pid = Number(line);
    const exit = new Promise<ProcessExit>((resolve) => {
      watchExit(pid, { reactor }, resolve).kill('SIGKILL');
    });
    const { signal, status } = await exit;
    // Known when its parent has waited for it by then, and the kernel reports it (Linux 6.15).
    expect([undefined, 'SIGKILL']).toContain(signal);
    expect(status === undefined || status === 9).toBe(true);
    await closed;
  });

  it('are not reported after close, and the process goes on', async () => {
    const reactor = attached();
    const process = child('echo still here');
    const closed = once(process, 'close');
    const watch = watchExit(process.pid, { reactor }, () => expect.fail('called'));
    watch.close();
    watch.close();
    expect(() => watch.kill()).toThrow(expect.objectContaining({ code: 'ERR_CLOSED' }));
    const line = once(createInterface({ input: process.stdout as NodeJS.ReadableStream }), 'line');
    process.stdin?.end();
    expect(await line).toEqual(['still here']);
    expect(await closed).toEqual([0, null]);
  });

  it.each(['close', 'destroy', 'dispose', 'asyncDispose'] as const)(
    'are not reported after %s',
    async (how) => {
      const reactor = attached();
      const process = child('exit 0');
      const closed = once(process, 'close');
      const watch = watchExit(process.pid, { reactor }, () => expect.fail('called'));
      const endings = {
        close: () => watch.close(),
        destroy: () => watch.destroy(),
        dispose: () => watch[Symbol.dispose](),
        asyncDispose: () => watch[Symbol.asyncDispose](),
      };
      await endings[how]();
      expect(watch.isClosed).toBe(true);
      process.stdin?.end();
      await closed;
      await reactor.run(); // nothing is left
    },
  );

  it('are watched on the reactor of this thread without options', async () => {
    descriptors.using({ close: () => defaultReactor().close() });
    const process = child('exit 5');
    const exit = new Promise<ProcessExit>((resolve) => void watchExit(process.pid, resolve));
    process.stdin?.end();
    expect((await exit).code).toEqual(known(5));
  });

  it('are forgotten when the reactor closes', async () => {
    const reactor = attached();
    const process = child('exit 0');
    const closed = once(process, 'close');
    const watch = watchExit(process.pid, { reactor }, () => expect.fail('called'));
    reactor.close();
    expect(watch.isClosed).toBe(true);
    process.stdin?.end();
    await closed;
  });

  it('keep the reactor alive unless unref, and the async context', async () => {
    const reactor = descriptors.using(new Reactor());
    const process = child('exit 0');
    const closed = once(process, 'close');
    const storage = new AsyncLocalStorage<string>();
    const seen: unknown[] = [];
    const watch = storage.run('mine', () =>
      watchExit(process.pid, { reactor }, () => seen.push(storage.getStore())),
    );
    expect(watch.unref().hasRef()).toBe(false);
    await reactor.run(); // nothing that would keep it
    expect(watch.isClosed).toBe(false);
    watch.ref();
    process.stdin?.end();
    await reactor.run();
    expect(seen).toEqual(['mine']);
    await closed;
  });

  it('with wrong arguments are refused before anything is opened', () => {
    const reactor = attached();
    const ignore = () => undefined;
    const wrong: readonly (readonly [string, () => unknown])[] = [
      ['ERR_OUT_OF_RANGE', () => watchExit(0, { reactor }, ignore)],
      ['ERR_OUT_OF_RANGE', () => watchExit(-1, { reactor }, ignore)],
      ['ERR_INVALID_ARG_TYPE', () => watchExit(1, { reactor }, 'x' as never)],
      ['ERR_INVALID_ARG_TYPE', () => watchExit(1, { reactor: {} as Reactor }, ignore)],
    ];
    for (const [code, call] of wrong) {
      expect(call).toThrow(expect.objectContaining({ code }));
    }
    const watch = watchExit(process.pid, { reactor }, ignore);
    const refused = expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' });
    expect(() => watch.kill('SIGNONE' as NodeJS.Signals)).toThrow(refused);
    watch.close();
    reactor.close();
    const closed = expect.objectContaining({ code: 'ERR_CLOSED' });
    expect(() => watchExit(process.pid, { reactor }, ignore)).toThrow(closed);
  });

  it.runIf(isLinux)('of many at once are each reported once', async () => {
    const reactor = attached();
    const all = Array.from({ length: 20 }, (_, index) => child(`exit ${index}`));
    const closed = all.map((one) => once(one, 'close'));
    const exits = all.map(({ pid }) => exitOf(pid, { reactor }));
    for (const { stdin } of all) stdin?.end();
    const codes = (await Promise.all(exits)).map(({ code }) => code);
    expect(codes).toEqual(all.map((_, index) => known(index)));
    await Promise.all(closed);
  });
});
