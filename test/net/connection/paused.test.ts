// What a paused connection is called for: the end of what the peer sends, when there is a handler for
// it, a reset, and a write that has failed.
import { expect, it } from 'vitest';
import { connect } from '../../../src/net/connect/connect.ts';
import { listen } from '../../../src/net/listen/listen.ts';
import { Interest } from '../../../src/poller/interest.ts';
import { Reactor } from '../../../src/reactor/reactor.ts';
import { useDescriptors } from '../../helpers/descriptors.ts';
import { turnIdly, turnUntil } from '../../helpers/handlers.ts';
import { eachTrigger, isOneshot } from '../../helpers/matrix.ts';
import { driven, resetNow, sendAll } from '../driven.ts';
import { codeOf, Recorder } from '../recorder.ts';

const WORDS = 'last words';
const descriptors = useDescriptors();

eachTrigger(
  (backend, trigger) => {
    const drive = trigger as 'level' | 'edge';

    it('readClosed is called once, while paused, and then what came before can be read', () => {
      const reactor = descriptors.using(new Reactor({ backend }));
      const calls: string[] = [];
      let text = '';
      const listener = listen({
        host: '127.0.0.1',
        reactor,
        trigger: drive,
        handlers: {
          open: (connection) => connection.pause(),
          data: (_connection, bytes) => {
            text += bytes;
            if (text === WORDS) calls.push(`data ${text}`);
          },
          readClosed: () => void calls.push('readClosed'),
          end: () => void calls.push('end'),
          close: () => void calls.push('close'),
        },
      });
      connect({
        host: '127.0.0.1',
        port: listener.port,
        reactor,
        handlers: { open: (connection) => connection.end(WORDS) },
      });
      turnUntil(reactor, () => [...listener.connections].length > 0);
      const [served] = listener.connections;
      const canWatch = (reactor.capabilities.interests & Interest.ReadClosed) !== 0;
      if (canWatch) turnUntil(reactor, () => calls.length > 0);
      turnIdly(reactor, 20);
      expect(calls).toEqual(canWatch ? ['readClosed'] : []);
      const { waits } = reactor.stats;
      reactor.turn(20);
      expect(reactor.stats.waits - waits).toBe(1); // nothing spins
      served?.resume();
      served?.pause();
      turnIdly(reactor);
      served?.resume();
      turnUntil(reactor, () => calls.includes('close'));
      expect(calls).toEqual([...(canWatch ? ['readClosed'] : []), `data ${WORDS}`, 'end', 'close']);
      listener.close();
    });

    it('is closed when it waits for room, and its write has failed', () => {
      const server = new Recorder({
        data(connection, bytes) {
          if (!connection.write(bytes)) connection.pause();
        },
      });
      const { dial, turnUntil: turnTo } = driven(
        descriptors,
        server,
        { trigger: drive },
        { backend },
      );
      const client = dial();
      turnTo(() => server.count('open') === 1);
      sendAll(client, 'x');
      resetNow(descriptors, client); // behind what it has sent: that is read, and the answer fails
      turnTo(() => server.count('close') === 1);
      expect(['ECONNRESET', 'EPIPE']).toContain(codeOf(server.errors[0]));
    });
  },
  (trigger) => !isOneshot(trigger),
);
