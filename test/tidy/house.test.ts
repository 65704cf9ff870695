// The checks of the floors, with graphs that are right and graphs that are wrong.
import { describe, expect, it } from 'vitest';
import { circles, graphOf, homeless, pastDoors, runtimeGraphOf, upwardImports } from './house.ts';

const edge = (from: string, to: string) => new Map([[from, [to]]]);

describe('upward imports', () => {
  it.each([
    ['poller/poller', 'reactor/slots'],
    ['flow/write-queue', 'net/connection/connection'],
    ['pipe/reader', 'net/socket/host'],
    ['pipe/reader', 'process/exit'],
    ['net/socket/host', 'net/connection/group'],
    ['net/listen/listen', 'net/connect/connect'],
    ['net/connection/group', 'net/index'],
    ['reactor/reactor', 'index'],
    ['errors', 'poller/interest'],
    ['stream/duplex', 'node-net/socket'],
    ['node-net/socket', 'multi/pool'],
    ['stream/duplex', 'proactor/lane'],
  ])('%s may not import %s', (from, to) => {
    expect(upwardImports(edge(from, to))).toEqual([`${from} -> ${to}`]);
  });

  it.each([
    ['reactor/slots', 'poller/poller'],
    ['reactor/timers/timers', 'reactor/timers/timer'],
    ['net/inherit/hand-over', 'net/listen/listen'],
    ['net/listen/listen', 'net/socket/tcp'],
    ['net/index', 'net/relay/relay'],
    ['address', 'errors'],
    ['multi/pool', 'index'],
    ['cli/main', 'errors'],
  ])('%s may import %s', (from, to) => {
    expect(upwardImports(edge(from, to))).toEqual([]);
  });

  it('a module of no room is named', () => {
    const graph = new Map([
      ['attic/box', []],
      ['net/attic/box', []],
      ['net/socket/tcp', []],
      ['errors', []],
    ]);
    expect(homeless(graph)).toEqual(['attic/box', 'net/attic/box']);
  });
});

describe('doors', () => {
  it.each([
    ['net/listen/acceptor', 'reactor/reactor'],
    ['flow/write-queue', 'poller/interest'],
    ['stream/socket', 'net/listen/listener'],
    ['cli/echo', 'proactor/lanes'],
  ])('%s reaches past the door to %s', (from, to) => {
    expect(pastDoors(edge(from, to))).toEqual([`${from} -> ${to}`]);
  });

  it.each([
    ['net/listen/acceptor', 'reactor/index'],
    ['net/listen/acceptor', 'flow/deferred-calls'],
    ['net/listen/acceptor', 'net/socket/tcp'],
    ['promises/listener', 'net/listen/listener'],
    ['stream/socket', 'net/connection/index'],
    ['node-net/socket', 'stream/socket'],
    ['stream/duplex', 'promises/waiter'],
    ['multi/pool', 'index'],
    ['multi/pool', 'sys/result'],
    ['cli/main', 'validate'],
    ['index', 'reactor/reactor'],
  ])('%s may enter %s', (from, to) => {
    expect(pastDoors(edge(from, to))).toEqual([]);
  });
});

describe('circles', () => {
  it('are found once each', () => {
    const graph = new Map([
      ['flow/a', ['flow/b']],
      ['flow/b', ['flow/c', 'sys/x']],
      ['flow/c', ['flow/a']],
      ['sys/x', ['sys/x']],
    ]);
    const found = ['flow/a -> flow/b -> flow/c -> flow/a', 'sys/x -> sys/x'];
    expect(circles(graph)).toEqual(found);
    expect(circles(new Map([...graph, ['flow/c', []], ['sys/x', []]]))).toEqual([]);
  });

  it('of types are none when the modules run', () => {
    const both = new Map([
      ['src/flow/a.ts', "import type { B } from './b.ts';\n"],
      ['src/flow/b.ts', "import { a } from './a.ts';\n"],
    ]);
    expect(circles(graphOf(both))).toHaveLength(1);
    expect(circles(runtimeGraphOf(both))).toEqual([]);
  });
});
