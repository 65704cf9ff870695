// What is measured inside one process, by programs that measure themselves (bench/programs), and
// what several reactors in one process cost. Their contenders are their own.
import { CPU, HELD, IMBALANCE, MEMORY, RATE, SYSCALLS, TIME_EACH } from '../metrics.ts';
import type { Contender, Role, Setting, Values } from '../model.ts';
import { inRoot } from '../root.ts';
import { generated, heldOf, upToHeld } from './loads.ts';
import { PARALLEL, type Scenario, type Variation } from './scenario.ts';

interface Way {
  readonly name: string;
  readonly label: string;
  readonly family?: Contender['family'];
  /** Absent: takes part in every setting. */
  readonly isAble?: (setting: Setting) => boolean;
}

function ofNode(name: string, label: string): Way {
  return { name, label, family: 'javascript' };
}

function own(
  { name, label, family = 'edgewise', isAble = () => true }: Way,
  words: (setting: Setting) => readonly string[],
): Contender {
  const command = (_: Role, setting: Setting) =>
    isAble(setting) ? { file: process.execPath, args: words(setting) } : undefined;
  return { name, label, family, locate: async () => ({ version: process.version, command }) };
}

/** `bench/programs/PROGRAM.mjs NAME`, followed by the values of the setting. */
function programs(program: string, ways: readonly Way[]): Contender[] {
  return ways.map((way) =>
    own(way, (setting) => [
      inRoot(`bench/programs/${program}.mjs`),
      way.name,
      ...Object.values(setting).map(String),
    ]),
  );
}

function variations(settings: readonly Setting[], isQuick = (_: Setting) => true): Variation[] {
  return settings.map((setting) => ({ setting, field: 'all', isQuick: isQuick(setting) }));
}

const MODELS = [
  'blocking',
  'thread-per-connection',
  'thread-pool',
  'busy-loop',
  'select',
  'poll',
  'epoll-level',
  'epoll-edge',
  'reactor',
  'multi-reactor',
  'proactor',
  'await',
  'actors',
] as const;
const LINUX_ONLY: readonly string[] = ['epoll-level', 'epoll-edge'];

/** The programs of examples/models. */
function models(): Contender[] {
  const here = MODELS.filter((name) => process.platform === 'linux' || !LINUX_ONLY.includes(name));
  return here.map((name) =>
    own({ name: `model-${name}`, label: name }, ({ threads }) => [
      inRoot('scripts/example.mjs'),
      `models/${name}`,
      '--port',
      '0',
      '--threads',
      String(threads),
    ]),
  );
}

/** What `edgewise echo --reactors` prints last: the largest shares as multiples of the mean. */
function imbalanceIn(output: string): Values {
  const line = /^largest \/ mean +(\S+) +\S+ +(\S+)$/m.exec(output);
  if (line === null) return {};
  return { connectionImbalance: Number(line[1]), byteImbalance: Number(line[2]) };
}

/** The lowest number that `select` cannot take (select(2)). */
const FD_SETSIZE = 1024;
/** Descriptors that Node has opened before. */
const FDS_OF_NODE = 24;

const TIMED = { metrics: [TIME_EACH], merit: TIME_EACH.name };

export const tasks: readonly Scenario[] = [
  {
    name: 'timers',
    title: 'Timers that are set and cleared',
    operation: 'setTimeout and its clear',
    role: 'task:timers',
    ...TIMED,
    bases: ['node-timers'],
    own: programs('timers', [
      { name: 'edgewise-timers', label: 'edgewise timers' },
      ofNode('node-timers', 'setTimeout of Node'),
    ]),
    variations: ['burst', 'ring', 'alone'].flatMap((pattern) =>
      variations(
        ['mixed', 'one'].map((durations) => ({ pattern, durations })),
        ({ durations }) => pattern === 'ring' && durations === 'mixed',
      ),
    ),
  },
  {
    name: 'wake-up',
    title: 'Wake-up of another thread',
    operation: 'a message to a thread that waits, and its answer',
    role: 'task:wake-up',
    ...TIMED,
    bases: ['node-message'],
    own: programs('wake-up', [
      { name: 'edgewise-mailbox', label: 'edgewise mailbox' },
      ofNode('node-message', 'postMessage of Node'),
    ]),
    isParallel: true,
    variations: variations([{}]),
  },
  {
    name: 'mailbox',
    title: 'Messages from several threads to one',
    operation: 'a message received',
    role: 'task:mailbox',
    metrics: [CPU, RATE],
    merit: RATE.name,
    bases: ['node-message'],
    own: programs('mailbox', [
      { name: 'edgewise-mailbox', label: 'edgewise mailbox' },
      ofNode('node-message', 'postMessage of Node'),
    ]),
    isParallel: true,
    variations: variations(
      ['number', 'bytes', 'object'].map((message) => ({ message, producers: 4 })),
      ({ message }) => message === 'bytes',
    ),
  },
  {
    name: 'dispatch',
    title: 'Dispatch of an event',
    operation: 'an event of a descriptor that is always ready, and a handler that does nothing',
    role: 'task:dispatch',
    ...TIMED,
    bases: ['edgewise-poller'],
    own: programs('dispatch', [
      { name: 'edgewise-poller', label: 'Poller.wait' },
      { name: 'edgewise-reactor', label: 'Reactor.turn' },
      { name: 'edgewise-context', label: 'Reactor.turn, asyncContext' },
    ]),
    variations: variations(
      [1, 64].map((ready) => ({ ready })),
      ({ ready }) => ready === 64,
    ),
  },
  {
    name: 'idle-descriptors',
    title: 'A wait among idle descriptors',
    operation: 'a wait that brings the 10 ready ones of all that are watched',
    role: 'task:idle-descriptors',
    ...TIMED,
    bases: ['edgewise-epoll'],
    axis: 'watched',
    own: programs('idle-descriptors', [
      { name: 'edgewise-epoll', label: 'epoll' },
      { name: 'edgewise-poll', label: 'poll' },
      {
        name: 'edgewise-select',
        label: 'select',
        isAble: ({ watched }) => Number(watched) < FD_SETSIZE - FDS_OF_NODE,
      },
    ]),
    variations: variations(
      [10, 100, 1000, 10_000].map((watched) => ({ watched })),
      ({ watched }) => watched !== 100,
    ),
  },
  {
    name: 'triggers',
    title: 'Level, edge and oneshot with the same handler',
    operation: 'a message of 64 bytes read by a handler that reads until there is no more',
    role: 'task:triggers',
    metrics: [TIME_EACH, SYSCALLS],
    merit: TIME_EACH.name,
    bases: ['trigger-level'],
    own: programs('triggers', [
      { name: 'trigger-level', label: 'level' },
      { name: 'trigger-edge', label: 'edge' },
      { name: 'trigger-oneshot', label: 'oneshot' },
    ]),
    variations: variations([{ descriptors: 64 }]),
    countsSyscalls: () => true,
  },
  {
    name: 'attach',
    title: 'Turns by hand, and attached to the loop of Node',
    operation: 'a message of 64 bytes sent from one end of a socket pair and echoed by the other',
    role: 'task:attach',
    metrics: [TIME_EACH, SYSCALLS],
    merit: TIME_EACH.name,
    bases: ['turn'],
    own: programs('attach', [
      { name: 'turn', label: 'turn() by hand' },
      { name: 'nested', label: 'attached, nested' },
      { name: 'inverted', label: 'attached, inverted' },
    ]),
    variations: variations(
      [1, 64].map((pairs) => ({ pairs })),
      ({ pairs }) => pairs === 64,
    ),
    countsSyscalls: ({ pairs }) => pairs === 1,
  },
  {
    name: 'simulate',
    title: 'A test on a simulated machine',
    operation:
      'a run of the test: the machine is made, clients have their answers, and all is closed',
    role: 'task:simulate',
    metrics: [CPU],
    merit: CPU.name,
    bases: ['simulated-echo'],
    own: programs('simulate', [
      { name: 'simulated-echo', label: 'a client of an echo server' },
      { name: 'simulated-delays', label: 'the same, with delays and cuts' },
      { name: 'simulated-emfile', label: '20 clients, 30 % EMFILE, 4 virtual seconds' },
    ]),
    variations: variations([{}]),
    isOnDemand: true,
  },
  {
    name: 'reactors',
    title: 'Several reactors in one process',
    operation: 'one message and its echo; server and load share all CPUs',
    role: 'tcp-echo',
    load: generated('tcp', 'closed'),
    metrics: [CPU, RATE, ...IMBALANCE],
    merit: CPU.name,
    bases: ['edgewise-handlers'],
    only: ['edgewise-handlers', ...PARALLEL],
    isParallel: true,
    readEnd: imbalanceIn,
    variations: variations([{ connections: 64, size: 64, reactors: 2 }]),
  },
  {
    name: 'models',
    title: 'Thirteen models of a server',
    operation: 'one message and its echo; server and load share all CPUs',
    role: 'tcp-echo',
    load: upToHeld,
    survey: heldOf,
    metrics: [CPU, RATE, SYSCALLS, MEMORY, HELD],
    merit: CPU.name,
    bases: ['model-reactor'],
    own: models(),
    isParallel: true, // some of them are threads
    isOnDemand: true,
    extraSeconds: 1,
    countsSyscalls: () => true,
    variations: variations([{ connections: 32, size: 64, threads: 4 }]),
  },
];
