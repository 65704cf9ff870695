// docs/semantics.md "Signals"; the class itself is tested in test/reactor/signals.test.ts.
import { once } from 'node:events';
import { expect, it } from 'vitest';
import { Reactor } from '../../../src/reactor/reactor.ts';
import { useDescriptors } from '../../helpers/descriptors.ts';
import { turnUntil } from '../../helpers/handlers.ts';
import { eachBackend } from '../../helpers/matrix.ts';

const descriptors = useDescriptors();

eachBackend((backend) => {
  it('A signal reaches both the reactor and process.on.', async () => {
    for (const isNodeFirst of [true, false]) {
      const reactor = descriptors.using(new Reactor({ backend }));
      const calls: string[] = [];
      const listener = () => calls.push('process');
      if (isNodeFirst) process.on('SIGUSR2', listener);
      reactor.onSignal('SIGUSR2', (name, signum) => {
        expect([name, signum]).toEqual(['SIGUSR2', 12]);
        calls.push('reactor');
      });
      if (!isNodeFirst) process.on('SIGUSR2', listener); // over ours: it is put back in front
      for (let round = 0; round < 3; round++) {
        const next = once(process, 'SIGUSR2');
        process.kill(process.pid, 'SIGUSR2');
        turnUntil(reactor, () => calls.length > 0);
        await next;
        expect(calls.splice(0).sort()).toEqual(['process', 'reactor']);
      }
      process.off('SIGUSR2', listener);
      process.kill(process.pid, 'SIGUSR2'); // would end us, had the last listener taken ours away
      turnUntil(reactor, () => calls.length > 0);
      expect(calls).toEqual(['reactor']);
      reactor.close();
    }
  });
});
