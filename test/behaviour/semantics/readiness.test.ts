// The bits: docs/semantics.md "The three bits that you ask for, the three that you get unasked".
import { describe, expect, it } from 'vitest';
import { Interest, Readiness } from '../../../src/poller/interest.ts';
import { Poller } from '../../../src/poller/poller.ts';
import { Reactor } from '../../../src/reactor/reactor.ts';
import * as sys from '../../../src/sys/index.ts';
import {
  type Ends,
  must,
  reset,
  takeSocketError,
  useDescriptors,
} from '../../helpers/descriptors.ts';
import { Reader, Recorder, send, turnIdly, turnUntil } from '../../helpers/handlers.ts';
import { eachBackend, eachTrigger, reportsClosedBits } from '../../helpers/matrix.ts';

const descriptors = useDescriptors();
const { Readable, Writable, Priority, ReadClosed, WriteClosed } = Readiness;
const LAST_WORDS_ROUNDS = 10_000;

/** What can happen to one end of a pair, and what is left behind. */
const HAPPENINGS: Readonly<Record<string, (theirs: number) => void>> = {
  data: (theirs) => send(theirs, 'x'),
  'half-close': (theirs) => void must(sys.shutdown(theirs, sys.constants.SHUT_WR)),
  'hang-up': (theirs) => descriptors.close(theirs),
  reset: (theirs) => reset(descriptors, theirs),
};

const INTERESTS = [0, 1, 2, 3, 4, 5, 6, 7];
const CALLS = Readable | Writable | Priority;

/** The bits that each interest gets of one happening, under each trigger. */
function readinessOf(
  poller: Poller,
  happening: string,
  interest: Interest,
  isTcp: boolean,
): number {
  const [ours, theirs]: Ends = isTcp ? descriptors.tcpPair() : descriptors.socketpair();
  HAPPENINGS[happening]?.(theirs);
  poller.add(ours, 1, interest, 'level');
  const count = poller.wait(happening === 'reset' ? 50 : 0);
  const readiness = count === 0 ? 0 : poller.events.readiness(0);
  poller.remove(ours);
  return readiness;
}

eachBackend((backend) => {
  it('ReadClosed comes with Readable, WriteClosed with Writable, Error with both, as far as the interest has them.', () => {
    const reactor = descriptors.using(new Reactor({ backend }));
    let closedBits = 0;
    for (const happening of Object.keys(HAPPENINGS)) {
      for (const interest of INTERESTS) {
        const [ours, theirs] = descriptors.tcpPair();
        HAPPENINGS[happening]?.(theirs);
        const recorder = new Recorder((readiness, registration) => {
          closedBits |= readiness & ~7;
          if (readiness & (ReadClosed | Readiness.Error)) {
            expect(readiness & Readable).toBe(interest & Readable);
          }
          if (readiness & (WriteClosed | Readiness.Error)) {
            expect(readiness & Writable).toBe(interest & Writable);
          }
          registration.close();
        });
        const registration = reactor.register(ours, interest, recorder);
        turnIdly(reactor, 2);
        registration.close();
      }
    }
    const all = ReadClosed | WriteClosed | Readiness.Error;
    expect(closedBits).toBe(reportsClosedBits(backend) ? all : 0);
  });

  it('Events report only what the interest asks for, and the closed and error bits, which nothing masks.', () => {
    const poller = descriptors.using(new Poller({ backend }));
    const reactor = descriptors.using(new Reactor({ backend }));
    for (const happening of Object.keys(HAPPENINGS)) {
      const isTcp = happening === 'reset';
      for (const interest of INTERESTS) {
        const [ours, theirs] = isTcp ? descriptors.tcpPair() : descriptors.socketpair();
        HAPPENINGS[happening]?.(theirs);
        const recorder = new Recorder((_readiness, registration) => registration.close());
        const registration = reactor.register(ours, interest, recorder);
        turnIdly(reactor, 3);
        expect(recorder.seen & ~interest & (Readable | Writable | Priority)).toBe(0);
        const reported = readinessOf(poller, happening, interest, isTcp);
        expect(reported & CALLS & ~interest).toBe(0);
        const heard = reported & ~7;
        expect(recorder.seen & ~7).toBe(heard);
        if (happening === 'hang-up' && reportsClosedBits(backend)) {
          expect(heard).toBe(ReadClosed | WriteClosed);
        }
        registration.close();
      }
    }
  });
});

eachTrigger((backend, trigger) => {
  it('Data that was sent before a FIN can be read before the end is seen.', () => {
    const reactor = descriptors.using(new Reactor({ backend }));
    for (let round = 0; round < LAST_WORDS_ROUNDS; round++) {
      const [ours, theirs] = descriptors.socketpair();
      const reader = new Reader();
      const isBefore = round % 2 === 0;
      if (isBefore) reactor.register(ours, Interest.Readable, reader, { trigger });
      send(theirs, 'last words');
      if (round % 4 < 2) must(sys.shutdown(theirs, sys.constants.SHUT_WR));
      descriptors.close(theirs);
      if (!isBefore) reactor.register(ours, Interest.Readable, reader, { trigger });
      turnUntil(reactor, () => reader.end !== 'would-block', 10);
      if (reader.text !== 'last words' || reader.end !== 'end') {
        expect.fail(`round ${round}: "${reader.text}", ${reader.end}`);
      }
      descriptors.close(ours);
    }
    expect(reactor.registrationCount).toBe(0);
  });

  it('data and FIN in one TCP segment are both seen', () => {
    const reactor = descriptors.using(new Reactor({ backend }));
    for (let round = 0; round < 50; round++) {
      const [ours, theirs] = descriptors.tcpPair();
      must(sys.send(theirs, Buffer.from('ten bytes.'), 0, 10, sys.constants.MSG_MORE));
      descriptors.close(theirs); // the FIN goes out with the ten bytes
      const reader = new Reader();
      reactor.register(ours, Interest.Readable, reader, { trigger });
      turnUntil(reactor, () => reader.end !== 'would-block');
      expect([reader.text, reader.end]).toEqual(['ten bytes.', 'end']);
      descriptors.close(ours);
    }
  });

  it('an error wakes the reader and the writer, and SO_ERROR reports it once', () => {
    const reactor = descriptors.using(new Reactor({ backend }));
    for (const interest of [Interest.Readable, Interest.Writable]) {
      const gone = descriptors.udp();
      descriptors.close(gone.fd);
      const { fd } = descriptors.udp();
      must(sys.setsockopt(fd, sys.constants.IPPROTO_IP, sys.constants.IP_RECVERR, 1));
      must(sys.connect(fd, gone.address));
      must(sys.send(fd, Buffer.from('x')));
      const recorder = new Recorder((_readiness, registration) => registration.close());
      reactor.register(fd, interest, recorder, { trigger });
      turnUntil(reactor, () => recorder.count > 0);
      expect(recorder.seen & interest).toBe(interest);
      if (reportsClosedBits(backend)) expect(recorder.seen & Readiness.Error).not.toBe(0);
      expect([takeSocketError(fd), takeSocketError(fd)]).toEqual(['ECONNREFUSED', 'OK']);
    }
  });
});

describe('poll and epoll', () => {
  it('agree on every bit of every happening', () => {
    const names = Poller.backends.filter(reportsClosedBits);
    const pollers = names.map((backend) => descriptors.using(new Poller({ backend })));
    for (const happening of Object.keys(HAPPENINGS)) {
      for (const isTcp of [false, true]) {
        if (happening === 'reset' && !isTcp) continue;
        for (const interest of INTERESTS) {
          const reported = pollers.map((poller) => readinessOf(poller, happening, interest, isTcp));
          expect(new Set(reported).size, `${happening}, ${interest}: ${reported}`).toBe(1);
        }
      }
    }
  });
});
