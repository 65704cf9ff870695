// The filter of a viewer.
import { describe, expect, it } from 'vitest';
import { Kind } from '../../src/trace/index.ts';
import { FilterError, filterOf, modelOf } from '../../src/view/index.ts';
import type { StreamModel } from '../../src/view/model.ts';
import { EDGE, type Place, READABLE, Story, WOULD_BLOCK } from './story.ts';

const A: Place = [9, 3, 0];
const B: Place = [10, 4, 0];

const model = modelOf(
  new Story()
    .register(A, READABLE, EDGE) // 0
    .register(B, READABLE, EDGE)
    .text(Kind.Label, B, 'client 7') // 2
    .call('recv', A, 10, 16)
    .call('recv', A, WOULD_BLOCK, 16) // 4
    .call('recvmsg', B, 16, 16)
    .text(Kind.Mark, [-1, 0, 0], 'login: done') // 6
    .text(Kind.Lint, A, 'EDGEWISE_UNDRAINED')
    .event(Kind.Ghost, [-1, 3, 0], READABLE) // 8
    .trace(),
);
const stream = model.streams[0] as StreamModel;

function found(text: string): number[] {
  const fits = filterOf(text, model);
  return Array.from({ length: stream.count }, (_, at) => at).filter((at) => fits(stream, at));
}

it.each([
  ['', [0, 1, 2, 3, 4, 5, 6, 7, 8]],
  ['fd:9', [0, 3, 4, 7, 8]],
  ['lane:4.0', [1, 2, 5]],
  ['lane:reactor', [6]],
  ['kind:call', [3, 4, 5]],
  ['kind:re*', [0, 1]],
  ['call:recv', [3, 4]],
  ['call:recv*', [3, 4, 5]],
  ['res:16', [5]],
  ['res:<0', [4]],
  ['res:>=10', [3, 5]],
  ['res:EAGAIN', [4]],
  ['lint:*', [7]],
  ['lint:EDGEWISE_SPINNING', []],
  ['fd:9 kind:call res:<0', [4]],
  ['client', [1, 2, 5]],
  ['LOGIN', [6]],
  ['"login: done"', [6]],
  ['recvmsg', [5]],
  ['fd:9 undrained', [7]],
])('%j', (text, events) => {
  expect(found(text)).toEqual(events);
});

describe('nonsense is an error that says why', () => {
  it.each([
    ['fd:nine', 'fd:nine: a number is needed, as in fd:9'],
    ['lane:7', 'lane:7: no lane of this trace; they are as in lane:3.0'],
    ['kind:calls', 'kind:calls: there is none; try call, report, handler-*'],
    ['call:.*', 'call:.*: there is none; try recv, send*'],
    ['res:many', 'res:many: a result is as in res:0, res:<0, res:>=512, res:EAGAIN'],
    ['res:<', 'res:<: a result is as in res:0, res:<0, res:>=512, res:EAGAIN'],
    ['res:ENONSENSE', 'res:ENONSENSE: there is no error of this name'],
    ['pid:1', 'pid: is no filter; there are fd, lane, kind, call, res, lint'],
    ['fd:', 'fd: needs a value; there are fd, lane, kind, call, res, lint'],
    ['"login', '"login: the quotation mark at its end is missing'],
  ])('%j', (text, message) => {
    expect(() => filterOf(text, model)).toThrow(new FilterError(message));
  });
});
