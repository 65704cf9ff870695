// What the kernel watches of a connection behind the peer's end: nothing, as soon as it reports again.
import { expect, it } from 'vitest';
import { listen } from '../../../src/net/listen/listen.ts';
import { Interest } from '../../../src/poller/interest.ts';
import { Reactor } from '../../../src/reactor/reactor.ts';
import * as sys from '../../../src/sys/index.ts';
import { must, useDescriptors } from '../../helpers/descriptors.ts';
import { turnIdly, turnUntil } from '../../helpers/handlers.ts';
import { eachTrigger, isOneshot } from '../../helpers/matrix.ts';
import { HOST, receiveAvailable } from '../driven.ts';
import { Recorder } from '../recorder.ts';

const { AF_INET, SOCK_STREAM, SHUT_WR, F_SETFL, O_NONBLOCK } = sys.constants;
const descriptors = useDescriptors();

eachTrigger(
  (backend, trigger) => {
    const serve = () => {
      const reactor = descriptors.using(new Reactor({ backend }));
      const server = new Recorder();
      const { port } = listen({
        host: HOST,
        reactor,
        trigger: trigger as 'level' | 'edge',
        allowHalfOpen: true,
        handlers: server.handlers,
      });
      const client = descriptors.track(sys.socket(AF_INET, SOCK_STREAM));
      must(sys.connect(client, { address: HOST, port })); // blocking: it waits in the queue
      must(sys.fcntl(client, F_SETFL, O_NONBLOCK));
      turnUntil(reactor, () => server.count('open') > 0);
      must(sys.shutdown(client, SHUT_WR));
      turnUntil(reactor, () => server.count('end') > 0);
      const [connection] = server.connections;
      if (connection === undefined) throw new Error('none was accepted');
      const interest = () => reactor.registrationOf(connection.fd)?.interest;
      return { reactor, server, client, connection, interest };
    };

    it('is watched for nothing when it stays, and can still be written to', () => {
      const { reactor, server, client, connection, interest } = serve();
      turnIdly(reactor, 20);
      if (trigger === 'level') expect(interest()).toBe(Interest.None);
      const { waits } = reactor.stats;
      reactor.turn(20);
      expect(reactor.stats.waits - waits).toBe(1); // nothing spins
      connection.write('an answer');
      turnIdly(reactor);
      expect(String(receiveAvailable(client))).toBe('an answer');
      connection.end();
      turnUntil(reactor, () => server.count('close') > 0);
      expect(server.events).toEqual(['open', 'end', 'close']);
      expect(server.errors).toEqual([undefined]);
    });

    it('costs no change when the close follows at once', () => {
      const { reactor, server, connection, interest } = serve();
      expect(interest()).toBe(Interest.Readable);
      connection.end();
      turnUntil(reactor, () => server.count('close') > 0);
    });
  },
  (trigger) => !isOneshot(trigger),
);
