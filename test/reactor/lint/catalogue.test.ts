// docs/lints.md: a section for each code, and its two programs, run on each back-end that has what they
// need: the wrong one has that finding, once, and the right one none.
import { readFileSync } from 'node:fs';
import { compileFunction } from 'node:vm';
import { beforeEach, describe, expect, it } from 'vitest';
import { type Backend, Interest, Poller, Readiness } from '../../../src/poller/index.ts';
import { LINT_CODES, type LintCode } from '../../../src/reactor/lint/codes.ts';
import type { Reactor } from '../../../src/reactor/reactor.ts';
import * as sys from '../../../src/sys/index.ts';
import { type Descriptors, type Ends, must, useDescriptors } from '../../helpers/descriptors.ts';
import { drain, send, turnIdly } from '../../helpers/handlers.ts';
import { reportsClosedBits } from '../../helpers/matrix.ts';
import { type Linted, makeLinted, stopClock } from './linted.ts';

const { AF_INET, SHUT_WR, SOCK_NONBLOCK, SOCK_STREAM } = sys.constants;
const PAGE = readFileSync(new URL('../../../docs/lints.md', import.meta.url), 'utf8');
const SECTIONS = PAGE.split(/^## /m).slice(1);
/** More than the reports after which a level is a spin. */
const SPINS = 1100;

const descriptors = useDescriptors();
let passMs = stopClock;
beforeEach(() => {
  const move = stopClock();
  passMs = () => move;
});

/** What the programs of the page have. */
interface World {
  readonly reactor: Reactor;
  readonly ours: number;
  readonly theirs: number;
  readonly other: number;
  readonly others: number;
  readonly listener: number;
  readonly address: sys.InetAddress;
  readonly socket: number;
}

type Play = (world: World, descriptors: Descriptors) => void;

const turns: Play = ({ reactor }) => turnIdly(reactor, 10);
const spins: Play = ({ reactor }) => turnIdly(reactor, SPINS);
const sends =
  (length: number): Play =>
  (world, all) => {
    send(world.theirs, Buffer.alloc(length, 'x'));
    turns(world, all);
  };
const ends: Play = ({ theirs }) => void must(sys.shutdown(theirs, SHUT_WR));
const both =
  (...plays: readonly Play[]): Play =>
  (...args) => {
    for (const play of plays) play(...args);
  };

function drains({ reactor, theirs }: World): void {
  for (let round = 0; round < 20; round++) {
    turnIdly(reactor, 5); // fills what the kernel holds
    drain(theirs);
  }
}

/** What happens to each program. */
const PLAYS: Readonly<Record<LintCode, Play>> = {
  EDGEWISE_UNDRAINED: sends(64 * 1024),
  EDGEWISE_UNSETTLED: sends(64 * 1024),
  EDGEWISE_SHORT_READ_TAKEN_AS_DRAINED: ({ theirs, ...world }, all) => {
    send(theirs, 'x');
    ends({ theirs, ...world }, all);
    turns({ theirs, ...world }, all);
  },
  EDGEWISE_ACCEPT_ONCE: ({ address, reactor }, all) => {
    for (let client = 0; client < 2; client++) {
      const fd = all.track(sys.socket(AF_INET, SOCK_STREAM));
      must(sys.connect(fd, address));
    }
    turnIdly(reactor, 10);
  },
  EDGEWISE_SPINNING: spins,
  EDGEWISE_SPINNING_READ: both(ends, spins),
  EDGEWISE_ERROR_IGNORED: ({ ours, theirs, reactor }, all) => {
    send(ours, 'unread'); // what is closed with data unread resets its peer
    all.close(theirs);
    turnIdly(reactor, SPINS);
  },
  EDGEWISE_WRITE_NOT_ARMED: both(sends(1), drains),
  EDGEWISE_SHORT_WRITE_IGNORED: drains,
  EDGEWISE_CONNECT_UNCHECKED: turns,
  EDGEWISE_HANGUP_BEFORE_DATA: (world, all) => {
    send(world.theirs, 'the last message');
    both(ends, turns)(world, all);
  },
  EDGEWISE_BLOCKING: turns,
  EDGEWISE_CLOSED_WHILE_REGISTERED: (world, all) => {
    all.release(world.ours);
    both(ends, turns)(world, all);
  },
  EDGEWISE_DUPLICATE: turns,
  EDGEWISE_SLOW_HANDLER: sends(1),
  EDGEWISE_STARVED: (world, all) => {
    send(world.others, Buffer.alloc(2000));
    sends(2000)(world, all);
  },
  EDGEWISE_UNKNOWN: turns,
};

const isEdge = (text: string) => /'edge'|registerEdge/.test(text);
const NEEDS_CLOSED_BITS: readonly LintCode[] = [
  'EDGEWISE_ERROR_IGNORED',
  'EDGEWISE_HANGUP_BEFORE_DATA',
];

function backendsOf(code: LintCode, text: string): readonly Backend[] {
  return Poller.backends.filter((backend) => {
    const { triggers } = Poller.capabilitiesOf(backend);
    if (isEdge(text) && !triggers.includes('edge')) return false;
    return !NEEDS_CLOSED_BITS.includes(code) || reportsClosedBits(backend);
  });
}

function sectionOf(code: LintCode): string {
  return SECTIONS.find((section) => section.startsWith(`${code}\n`)) ?? '';
}

function programOf(code: LintCode, which: string): string {
  const programs = [...sectionOf(code).matchAll(/```js\n\/\/ (wrong|right)\n(.*?)```/gs)];
  expect(programs.map(([, name]) => name)).toEqual(['wrong', 'right']);
  return programs.find(([, name]) => name === which)?.[2] ?? '';
}

function run(backend: Backend, code: LintCode, which: string): Linted {
  const linted = makeLinted(descriptors, { backend });
  const [[ours, theirs], [other, others]] = [
    descriptors.socketpair(),
    descriptors.socketpair(),
  ] as [Ends, Ends];
  const { fd: listener, address } = descriptors.listener();
  const socket = descriptors.track(sys.socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK));
  const { reactor } = linted;
  const world = { reactor, ours, theirs, other, others, listener, address, socket };
  const rest = {
    sys,
    Interest,
    Readiness,
    bytes: Buffer.alloc(1024),
    answer: Buffer.alloc(1 << 20),
    queue: [],
    keep: (fd: number) => descriptors.track(fd),
    compute: () => passMs()(60),
    post: () => undefined,
  };
  const given = { ...world, ...rest };
  const program = compileFunction(programOf(code, which), Object.keys(given));
  program(...Object.values(given));
  PLAYS[code](world, descriptors);
  return linted;
}

describe.each(LINT_CODES)('%s', (code) => {
  const section = sectionOf(code);

  it('has a section that says what was seen, why that is wrong, and when it is not', () => {
    expect(section).toMatch(/^\*\*Seen:\*\*/m);
    expect(section.replaceAll('\n', ' ')).toContain('**Why it is wrong:**');
    expect(section).toMatch(/^\*\*Ignore it\*\*/m);
  });

  describe.each(backendsOf(code, section))('%s', (backend) => {
    it('is found in the wrong program, once', () => {
      expect(run(backend, code, 'wrong').codes).toEqual([code]);
    });

    it('is not found in the right one', () => {
      expect(run(backend, code, 'right').codes).toEqual([]);
    });
  });
});

it('the page has a section for each code, and for no other', () => {
  const headings = SECTIONS.map((section) => section.split('\n')[0]);
  expect(headings.sort()).toEqual([...LINT_CODES].sort());
});

it('the page links to headings that are there', () => {
  const folder = new URL('../../../docs/', import.meta.url);
  const links = [...PAGE.matchAll(/\]\((\w+\.md)(?:#([\w-]+))?\)/g)];
  expect(links.length).toBeGreaterThan(LINT_CODES.length / 2);
  for (const [, page = '', anchor] of links) {
    const headings = readFileSync(new URL(page, folder), 'utf8').match(/^#+ .*$/gm) ?? [];
    const anchors = headings.map((heading) =>
      heading
        .replace(/^#+ /, '')
        .toLowerCase()
        .replaceAll(/[^\w\- ]/g, '')
        .replaceAll(' ', '-'),
    );
    if (anchor !== undefined) expect(anchors, page).toContain(anchor);
  }
});
