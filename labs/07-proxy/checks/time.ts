// What only a simulated machine does at a known moment: refusals, times that are over, and faults by chance.
import type { Check } from '../../src/lab.ts';
import { common, notConnected, simulated } from './pair.ts';

const leftOpen = {
  why: 'The pair is over, and the proxy has {open} open besides its listener.',
  next: 'close both sides where a pair ends, also when one of them has never been connected',
  read: 'close(2); the sheet, task e',
};

const stuck = {
  why: 'The proxy was turned thousands of times, and no time has passed: each wait came back at once, for something that it reports and does nothing about.',
  next: 'no Readable for a side that has ended, or that fills a full queue; no Writable without something to send',
  read: 'docs/semantics.md "Level reports a readable descriptor at every wait until it is drained."',
};

export const refused: Check = {
  id: '7.5',
  name: 'no server',
  points: 2,
  task: 'f',
  did: 'connected when no one listens at the server, and when nothing answers there, with connectMs 5,000; the clients had sent 100,000 bytes, and ended when they had the line; in simulated time',
  expected:
    '"502 ECONNREFUSED", at once, and "502 ETIMEDOUT", after 5 s and not before; each a line, then the end, and no reset',
  causes: {
    ...notConnected,
    stuck,
    'no end': {
      why: 'The line is there, and no end behind it. The client may be waiting for more lines.',
      next: 'shutdown with SHUT_WR when the line has been sent',
      read: 'shutdown(2); the sheet, task f',
    },
    'not said': {
      why: 'The client has got something else, or nothing. Writable after connect says only that it is over; how it ended is in SO_ERROR, and a send or recv that finds it there looks like a connection that has broken.',
      next: 'at the first event of the server side ask getsockopt SOL_SOCKET, SO_ERROR; 0 is connected, all else is the number for the line',
      read: 'connect(2): EINPROGRESS; the sheet, tasks a and f',
    },
    'too early': {
      why: 'The first SYN may be lost, and TCP sends it again after a second. A client is refused that had a server.',
      next: 'reactor.setTimeout with connectMs, from the accept on',
      read: 'the sheet, task d',
    },
    'too late': {
      why: 'Nothing answers, and TCP tries for about two minutes. The client is not to wait so long.',
      next: 'reactor.setTimeout with connectMs; at its time close the attempt, and send the line',
      read: 'tcp(7): tcp_syn_retries; the sheet, task d',
    },
    'a reset behind it': {
      why: 'The connection was closed with bytes of the client unread, or before its end: what it sends then is answered by a reset, which can overtake the line, or remove it from where the client has yet to read it.',
      next: 'send the line, shutdown with SHUT_WR, and read on, throwing away what comes, until the client ends',
      read: 'RFC 1122, 4.2.2.13; the sheet, task f',
    },
    'left open': leftOpen,
  },
  run: (exam) => simulated(exam, 'refused'),
};

export const times: Check = {
  id: '7.9',
  name: 'clients that leave, and pairs that are idle',
  points: 2,
  task: 'd',
  did: 'reset clients whose server had not answered yet, ended one whose first SYN was lost, and left a pair idle, with connectMs 5,000 and idleMs 30,000; then had one connect for 5 s with idleMs 1,000; in simulated time',
  expected:
    'attempts closed with their clients; an end alone is none; a pair is reset 30 s after its last byte, either way, and not before',
  causes: {
    ...notConnected,
    stuck,
    'no end': common['no end'],
    'goes on alone': {
      why: 'The client is gone, and the proxy goes on to connect for it: {open}. If the server answers, it serves no one; if not, the descriptor stays for minutes.',
      next: 'watch the client while you connect, for an error at least; when it is gone close the attempt and clear its timer',
      read: 'docs/semantics.md "A registration with no interest is called once for a hang-up or an error."',
    },
    'taken for gone': {
      why: 'The client had sent all it had to, and its end, while the proxy was still connecting. That is no client that has left: it reads, and waits for its answer.',
      next: 'keep the end with the bytes in front of it: when the server is connected and the queue has gone, shutdown',
      read: 'shutdown(2); the sheet, task c',
    },
    'too early': {
      why: 'The pair was closed {seconds} s after bytes had moved, and not 30: by the timer of its connect, which is to end when it is connected, or by one that does not begin anew with each byte, of either side.',
      next: 'clear the connect timer in the moment of the connect; refresh the idle timer at each recv and send that moved bytes',
      read: 'docs/reactor.md, setTimeout; the sheet, task d',
    },
    'idle while connecting': {
      why: 'idleMs was {idleMs}, and the pair was given up while it was being connected: no byte can move before that. Connecting has a limit of its own.',
      next: 'begin the idle timer when the server is connected, and no byte of the client before that begins it',
      read: 'the sheet, task d',
    },
    'too late': {
      why: 'No byte has moved for 30 s, and the pair is there. A peer that has lost its power sends no end.',
      next: 'a timer of idleMs for each pair',
      read: 'the sheet, task d',
    },
    'an end in order': {
      why: 'The pair was given up, and its ends were sent an ordinary end: as if all had been said.',
      next: 'give up a pair by a reset, as in task e',
      read: 'the sheet, tasks d and e',
    },
    'left open': leftOpen,
  },
  run: (exam) => simulated(exam, 'times'),
};

const RUNS = 20;
const RUNS_QUICK = 5;

export const chance: Check = {
  id: '7.10',
  name: 'whole, or reset',
  points: 2,
  task: 'c',
  did: `had three pairs send up to 200,000 bytes each way with ends behind them, in up to ${RUNS} runs: short reads and writes, cuts, late segments, a reader that stops for a while; and again with resets by chance`,
  expected: 'each stream arrives whole, with its end; or its connection is reset',
  causes: {
    ...common,
    'a lie': {
      why: 'A stream was cut, and ended in order. Its receiver takes it for whole: nothing else says where a stream ends. Either the end was passed on before the bytes in front of it, or a reset was turned into an end.',
      next: 'shutdown only when recv has given 0 and the queue has gone; for everything else SO_LINGER, then close',
      read: 'shutdown(2); the sheet, tasks c and e',
    },
    'reset without reason': {
      why: 'No connection was reset, and the proxy has reset one. A send that takes less than all, or nothing, is no error; and a socket that is closed while its peer still sends answers with a reset.',
      next: 'print the result of each call before a pair is given up',
      read: 'send(2): EAGAIN; the sheet, task b',
    },
    'not passed on': {
      why: 'One connection of a pair was reset, and the other is still there. It will never end.',
      next: 'at an error of one side end both',
      read: 'the sheet, task e',
    },
  },
  run: (exam) => simulated(exam, 'chance', exam.isQuick ? RUNS_QUICK : RUNS),
};
