// Node installs a handler of its own for SIGINT and SIGTERM at start: it restores the terminal and
// raises the signal again, for the default action that SA_RESETHAND has put back meanwhile. Called
// from ours it would raise for ever. A process of its own, as the signal ends it when this fails.
import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';

const INDEX = new URL('../../dist/index.js', import.meta.url);

function run(signal: string, afterwards: string): ReturnType<typeof spawnSync> {
  const script = `
    import { Reactor } from ${JSON.stringify(INDEX.href)};
    const reactor = new Reactor();
    const timer = reactor.setTimeout(() => {}, 60_000);
    reactor.onSignal('${signal}', () => timer.clear());
    process.kill(process.pid, '${signal}');
    await reactor.run();
    ${afterwards}`;
  const args = ['--input-type=module', '--eval', script];
  return spawnSync(process.execPath, args, {
    encoding: 'utf8',
    timeout: 5000,
    killSignal: 'SIGKILL',
  });
}

test.each(['SIGINT', 'SIGTERM'])('%s reaches the reactor instead of ending the process', (name) => {
  const { status, signal, stderr } = run(name, '');
  expect({ status, signal, stderr }).toEqual({ status: 0, signal: null, stderr: '' });
});

test('SIGTERM ends the process again once the reactor is closed', () => {
  const { signal } = run('SIGTERM', "reactor.close(); process.kill(process.pid, 'SIGTERM');");
  expect(signal).toBe('SIGTERM');
});
