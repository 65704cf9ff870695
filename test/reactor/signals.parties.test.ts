// Signals that Node or libuv watch as well: the table of docs/semantics.md "Signals", each row in a
// process of its own, and in both orders.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const SCRIPT = fileURLToPath(new URL('../workers/signal-parties.mjs', import.meta.url));
const ENDING = [
  'SIGHUP',
  'SIGINT',
  'SIGPIPE',
  'SIGPROF',
  'SIGQUIT',
  'SIGTERM',
  'SIGUSR1',
  'SIGUSR2',
];
const STOPPING = ['SIGTSTP', 'SIGTTIN', 'SIGTTOU'];
const IGNORED = ['SIGCHLD', 'SIGCONT', 'SIGWINCH'];
const ORDERS = ['reactor', 'party'];

/** The steps of a process, each with what was heard in it. */
async function run(signal: string, party: string, first = 'reactor') {
  const args = ['--inspect-port=0', SCRIPT, signal, party, first];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, args, {
    timeout: 30_000, // a signal that is not heard is waited for without end
    killSignal: 'SIGKILL',
  });
  const steps: unknown[] = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const [, before, after] = steps.pop() as string[];
  // What Node has a handler for is left at the system's default by the last `process.off`.
  const isNodes = party === 'process' && first === 'party' && before === 'caught';
  expect(after).toBe(isNodes ? 'default' : before);
  return { steps, stderr };
}

const BOTH = ['process', 'reactor'];

describe.each(ENDING.concat(STOPPING, IGNORED))('%s', (signal) => {
  it.each(ORDERS)('beside process.on, first: %s', async (first) => {
    const { steps, stderr } = await run(signal, 'process', first);
    expect(steps).toEqual([
      ['alone', [first === 'party' ? 'process' : 'reactor']],
      ['both', BOTH],
      ['the listener is gone', ['reactor']],
      ['it is back', BOTH],
      ['the subscription is gone', ['process']],
      ['it is back', BOTH],
    ]);
    expect(stderr).toBe('');
  });
});

it.each(ORDERS)('SIGCHLD while children come and go, first: %s', async (first) => {
  const { steps } = await run('SIGCHLD', 'children', first);
  const names = ['one of two has exited', 'the other has exited', 'there is none'];
  const expected = [...names, 'another has come and gone'].map((name) => [name, ['reactor']]);
  expect(steps).toEqual(expected);
});

it('SIGUSR1 opens the inspector only while no one watches it', async () => {
  const { steps, stderr } = await run('SIGUSR1', 'inspector');
  expect(steps).toEqual([
    ['watched', ['reactor']],
    ['inspector', 'closed'],
    ['not watched', 'open'],
  ]);
  expect(stderr.match(/Debugger listening/g)).toHaveLength(1);
});

it('SIGPROF after V8 has taken a profile', async () => {
  const { steps } = await run('SIGPROF', 'profiler');
  expect(steps).toEqual([['after a profile', ['reactor']]]);
});
