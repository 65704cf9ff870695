// How a process ends that has a reactor: by itself, by exit, by an error, behind workers that wait.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { useDescriptors } from '../helpers/descriptors.ts';
import { eachDriver } from '../helpers/matrix.ts';

useDescriptors();
const AT_ONCE = 4;

interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
  readonly out: string;
  readonly error: string;
}

async function run(...args: string[]): Promise<Ended> {
  const script = fileURLToPath(new URL('../workers/exits.mjs', import.meta.url));
  const child = spawn(process.execPath, [script, ...args], { timeout: 20_000 });
  let [out, error] = ['', ''];
  child.stdout.on('data', (data) => {
    out += data;
  });
  child.stderr.on('data', (data) => {
    error += data;
  });
  const [code, signal] = await once(child, 'close');
  return { code, signal, out: out.trim(), error };
}

/** What a process is expected to print last, or its exit code. */
const ENDINGS: Readonly<Record<string, Partial<Ended>>> = {
  nothing: { code: 0, out: 'bye' },
  unrefRegistration: { code: 0, out: 'bye' },
  unrefReactor: { code: 0, out: 'bye' },
  runResolves: { code: 0, out: 'resolved, undefined' },
  runWithNothing: { code: 0, out: 'resolved, undefined' },
  staysAlive: { code: 0, out: 'still here' },
  timerKeepsAlive: { code: 0, out: 'fired' },
  exitInHandler: { code: 7 },
  exitInTurn: { code: 7 },
  uncaught: { code: 1, error: expect.stringContaining('Error: from the handler') },
  uncaughtIsHandled: { code: 0, out: 'deferred handler timer waker' },
  onErrorThrows: { code: 0, out: 'onError: first, onError: second, onError: third' },
  rejection: { code: 0, out: 'rejected early' },
  exitBehindBlockedWorker: { code: 3 },
  exitBehindBusyWorker: { code: 3 },
  exitBehindIdleWorker: { code: 3 },
  exitBehindHandlerOfWorker: { code: 3 },
  exitWhileBusy: { code: 3 },
  killedWhileBusy: { signal: 'SIGTERM' },
};

eachDriver((backend, driver) => {
  it('a process ends as it should', async () => {
    const left = Object.keys(ENDINGS);
    const ended: Record<string, Ended> = {};
    const runNext = async (): Promise<void> => {
      for (let name = left.pop(); name !== undefined; name = left.pop()) {
        ended[name] = await run(name, backend, driver);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, runNext));
    expect(ended).toMatchObject(ENDINGS);
  });
});
