// The server that never waits: all clients at once, and a whole core for nothing.
import { descriptors, isNonBlocking, voluntarySwitches } from '../../src/exam/observe.ts';
import { type Check, Miss } from '../../src/lab.ts';
import { talk, talkCauses, tenAtOnce } from './talk.ts';

const IDLE_CPU_MS = 200;
const SWITCHES_MAX = 200;

export const busyAtOnce: Check = {
  id: '2.4',
  name: 'busy: ten at once, one silent',
  points: 3,
  task: 'b',
  did: 'connected ten clients; the first said nothing, and nine sent three lines each in turn',
  expected: 'each line is answered, though the first client is silent',
  causes: talkCauses,
  run: async (exam) => tenAtOnce(exam, await exam.start('busy')),
};

export const noneBlocks: Check = {
  id: '2.5',
  name: 'busy: no descriptor blocks',
  points: 2,
  task: 'b',
  needs: 'proc',
  did: 'looked at the flags of its sockets, with three clients connected',
  expected: 'O_NONBLOCK for the listener and for every client',
  causes: {
    ...talkCauses,
    blocks: {
      why: 'O_NONBLOCK belongs to a descriptor, and an accepted one does not get it from its listener. A call on one without it waits, as long as its client likes, and all others wait with it.',
      next: 'accept4 with SOCK_NONBLOCK for clients, and listen("non-blocking") for the listener',
      read: 'accept4(2), SOCK_NONBLOCK; fcntl(2), O_NONBLOCK',
    },
  },
  async run(exam) {
    const server = await exam.start('busy');
    const peers = await exam.connectMany(server, 3);
    let failure: unknown;
    try {
      for (const peer of peers) await talk(server, peer, 'one\n', 1);
    } catch (error) {
      failure = error; // most likely because of what is looked at here
    }
    const [fd] = blockingSockets(server.pid);
    if (fd !== undefined) throw new Miss('blocks', `descriptor ${fd} is a socket that blocks`);
    if (failure !== undefined) throw failure;
  },
};

export const cost: Check = {
  id: '2.6',
  name: 'busy: what it costs',
  points: 2,
  task: 'b',
  needs: 'proc',
  did: `left three clients connected and silent after a line each, until the server had used ${IDLE_CPU_MS} ms of CPU`,
  expected: 'it uses them without ever going to sleep: this one is to show what not waiting costs',
  causes: {
    ...talkCauses,
    sleeps: {
      why: 'It went to sleep {count} times. A sleep between two rounds costs little CPU, and makes each client wait for its end: 1 ms for an answer that takes 10 µs. That is neither busy nor waiting for what comes.',
      next: 'take the sleep or the wait out of the loop here; task c waits, and for the right thing',
      read: 'the sheet, task b; proc(5), voluntary_ctxt_switches',
    },
  },
  async run(exam) {
    const server = await exam.start('busy');
    const peers = await exam.connectMany(server, 3);
    for (const peer of peers) await talk(server, peer, 'one\n', 1);
    const switches = voluntarySwitches(server.pid);
    const before = server.cpuMs;
    const sleeps = (): number => voluntarySwitches(server.pid) - switches;
    await server.until(() => server.cpuMs - before > IDLE_CPU_MS || sleeps() > SWITCHES_MAX);
    const ms = Math.round(server.cpuMs - before);
    const count = sleeps();
    const isBusy = ms >= IDLE_CPU_MS && count <= SWITCHES_MAX;
    if (!isBusy) throw new Miss('sleeps', `${ms} ms of CPU, and ${count} sleeps`, { count });
  },
};

// Standard streams of a program under test are sockets as well.
function blockingSockets(pid: number): number[] {
  const sockets = [...descriptors(pid)].filter(([, what]) => what.startsWith('socket:'));
  const fds = sockets.map(([fd]) => fd).filter((fd) => fd > 2);
  return fds.filter((fd) => isNonBlocking(pid, fd) === false);
}
