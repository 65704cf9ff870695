// Traces for the tests of exports: of real reactors on several levels, and one with all that is awkward.
import { Interest, Reactor } from '../../src/index.ts';
import * as sys from '../../src/sys/index.ts';
import { decodeTrace, encodeTrace, Kind, type TraceData } from '../../src/trace/index.ts';
import type { Descriptors } from '../helpers/descriptors.ts';
import { EDGE, type Place, READABLE, Story, WOULD_BLOCK } from './story.ts';

/** Two reactors that have answered each other's bytes, in one trace. */
export function recorded(descriptors: Descriptors, level: 'events' | 'timed' | 'calls'): TraceData {
  const traces = [0, 1].map(() => {
    const reactor = descriptors.using(new Reactor());
    const trace = reactor.trace({ level });
    const [a, b] = descriptors.socketpair();
    for (const fd of [a, b]) {
      const onReady = () => {
        sys.recv(fd, Buffer.alloc(8));
        sys.send(fd, Buffer.from('ping'));
      };
      reactor.register(fd, Interest.Readable, { onReady }, { trigger: 'edge' });
    }
    trace.label(a, 'client "7"');
    sys.send(a, Buffer.from('ping'));
    for (let turn = 0; turn < 50; turn++) reactor.turn(0);
    return trace.snapshot();
  });
  const [first, second] = traces as [TraceData, TraceData];
  return decodeTrace(encodeTrace({ ...first, streams: [...first.streams, ...second.streams] }));
}

export const ONE: Place = [9, 1, 0];
export const AGAIN: Place = [9, 1, 1];

/** An end without a beginning, a beginning without an end, a clock that goes back, a queue, a number again. */
export function awkward(): Story {
  const story = new Story().later(10).end(ONE).later(1).register(ONE, READABLE, EDGE).wait();
  story.handle(ONE, READABLE, ['recv', 5, 8], ['recv', WOULD_BLOCK, 8]);
  for (const bytes of [100, 2 ** 31 - 1, 0]) story.later(1).event(Kind.Queue, ONE, bytes);
  story.later(-5).event(Kind.Release, ONE).register(AGAIN, READABLE, EDGE);
  story.text(Kind.Label, AGAIN, 'a\u0007"b').wait(2).report(AGAIN, READABLE);
  return story.begin(AGAIN, READABLE).call('send', AGAIN, -32, 10);
}
