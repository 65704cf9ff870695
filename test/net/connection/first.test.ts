// What a client sends with its connect: it is read in the turn that accepts it, by the handlers.
import { expect } from 'vitest';
import { Interest } from '../../../src/poller/interest.ts';
import { itUncut } from '../../helpers/cuts.ts';
import { useDescriptors } from '../../helpers/descriptors.ts';
import { eachTrigger, isOneshot } from '../../helpers/matrix.ts';
import { driven, sendAll } from '../driven.ts';
import { Recorder } from '../recorder.ts';

const descriptors = useDescriptors();

eachTrigger(
  (backend, trigger) => {
    const drive = (server: Recorder, options = {}) =>
      driven(
        descriptors,
        server,
        { trigger: trigger as 'level' | 'edge', ...options },
        { backend },
      );

    itUncut('is read in the turn that accepts it', () => {
      const server = new Recorder();
      const { dial, reactor } = drive(server);
      sendAll(dial(), 'first');
      reactor.turn(2000);
      expect([server.events, String(server.received)]).toEqual([['open', 'data'], 'first']);
    });

    itUncut('waits where the open handler pauses, or closes', () => {
      const server = new Recorder({
        open: (connection) => {
          if (server.connections.length === 1) connection.pause();
          else connection.destroy();
        },
      });
      const { dial, turnUntil } = drive(server);
      const first = dial();
      sendAll(first, 'first');
      sendAll(dial(), 'second');
      turnUntil(() => server.count('close') > 0);
      expect(server.received.length).toBe(0);
      server.connections[0]?.resume();
      turnUntil(() => server.receivedLength > 0);
      expect(String(server.received)).toBe('first');
    });

    itUncut('waits for what reads it later, where there is no data handler', () => {
      const server = new Recorder();
      const { open } = server.handlers;
      const { dial, reactor, turnUntil } = drive(server, { handlers: { open } });
      sendAll(dial(), 'first');
      reactor.turn(2000);
      expect(server.count('open')).toBe(1);
      const bytes = Buffer.alloc(16);
      const [connection] = server.connections;
      let count = 0;
      connection?.setDriver({
        interest: Interest.Readable,
        onReady: () => {
          count = connection.receive(bytes);
        },
        onClosed: () => undefined,
      });
      turnUntil(() => count > 0);
      expect(String(bytes.subarray(0, count))).toBe('first');
    });
  },
  (trigger) => !isOneshot(trigger),
);
