// How answers flow: coalescing, queues and their limits, time, and a client of another author.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Trial } from '../../src/exam/trial.ts';
import { type Check, Miss } from '../../src/lab.ts';
import { isWrite } from '../../src/ledger/ledger.ts';
import { common, expectAnswer, simulated } from './asking.ts';
import { bulk, command, OK, shown } from './wire.ts';

const GETS = 10_000;
const KEYS = 100;
const SENDS_MAX = 200;

export const pipelined: Check = {
  id: '6.4',
  name: 'answers that are sent together',
  points: 2,
  task: 'c',
  did: 'sent thousands of GET commands in one burst, and counted the calls that sent the answers',
  expected: 'all answers, in order, with at most 200 calls',
  causes: {
    ...common,
    'one by one': {
      why: '{sends} calls for {gets} answers. Each is a system call of about a microsecond, and with TCP_NODELAY a segment: for answers of ten bytes, most of the work is sending.',
      next: 'queue the answers of all commands that one read has brought, then send once',
      read: 'send(2); the sheet, task c',
    },
  },
  async run(exam) {
    const count = exam.isQuick ? GETS / 5 : GETS;
    const server = await exam.start('main', { isRecorded: true });
    const peer = await exam.connect(server);
    const keys = Array.from({ length: KEYS }, (_, index) => `key:${index}`);
    peer.write(Buffer.concat(keys.map((key) => command('SET', key, `value of ${key}`))));
    await expectAnswer(server, peer, OK.repeat(KEYS), `to ${KEYS} SET`);
    const mark = exam.ledger.length;
    const asked = Array.from({ length: count }, (_, index) => keys[(index * 7) % KEYS] as string);
    peer.write(Buffer.concat(asked.map((key) => command('GET', key))));
    const answers = Buffer.concat(asked.map((key) => bulk(`value of ${key}`)));
    await expectAnswer(server, peer, answers, `to ${count} GET in one pipeline`);
    const sends = exam.ledger.since(mark).entries.filter(isWrite).length;
    const values = { sends, gets: count };
    if (sends > SENDS_MAX) throw new Miss('one by one', `${sends} calls of send`, values);
  },
};

export const expiry: Check = {
  id: '6.5',
  name: 'values that expire',
  points: 2,
  task: 'e',
  did: 'set keys with PX 100, set them again, deleted them, and asked half a millisecond before and after their time; in simulated time',
  expected:
    'there until its time, gone after it; a key that is set again has nothing of the first time',
  causes: {
    ...common,
    'not set': {
      why: 'SET with PX and a number of milliseconds was not answered by +OK: the key was never set, so nothing can be said about its time yet.',
      next: 'take the two words behind the value: PX, in any case of its letters, and the milliseconds',
      read: 'the sheet, "The protocol" and task e',
    },
    'too early': {
      why: 'The key was set again, or deleted and set, and the timer of its first life has fired: it knows a name, and the name is another value by now. It is the stale event of lab 5 once more.',
      next: 'keep the timer with the value, and clear it when the value goes',
      read: 'docs/semantics.md "A timer never fires early, and timers fire in the order of their deadlines."',
    },
    'too late': {
      why: 'Its time is over, and it is still answered: no timer was set, or it was set for seconds.',
      next: 'reactor.setTimeout when SET has PX, in milliseconds',
      read: 'the sheet, task e',
    },
  },
  run: (exam) => simulated(exam, 'expiry'),
};

export const fanOut: Check = {
  id: '6.6',
  name: 'a subscriber that does not read',
  points: 2,
  task: 'd',
  did: 'had two subscribers, of which one stopped reading, published 2,000 small messages, then 40 of 64 KB; over a simulated network',
  expected:
    'the deaf one is closed when more than 1 MB waits for it; the other gets all, and the publisher never waits',
  causes: {
    ...common,
    'never closed': {
      why: 'A publisher goes on whether or not a subscriber reads, and what the kernel does not take stays in your queue: {bytes} bytes for one client. A thousand such clients are the memory of the machine.',
      next: 'add up the bytes of the queue, and close the client when they are more than 1 MB',
      read: 'the sheet, task d',
    },
    'closed too early': {
      why: 'Little waited for it: what counts is bytes. A burst of small messages is no reason, nor is a send that would block.',
      next: 'count bytes, not messages; try to send before you give up',
      read: 'the sheet, task d',
    },
    'not closed': {
      why: 'It is counted no more, but its connection is open: it waits for messages that will never come.',
      next: 'close the descriptor; a client that was too slow connects again',
      read: 'the sheet, task d',
    },
    'publisher waits': {
      why: 'The publisher is not answered while a subscriber does not read. One slow client has stopped a client that has nothing to do with it.',
      next: 'queue the message for each subscriber, and answer at once',
      read: 'docs/semantics.md "One busy descriptor does not keep the others from being served."',
    },
  },
  run: (exam) => simulated(exam, 'fanOut'),
};

export const backedUp: Check = {
  id: '6.7',
  name: 'a client that does not read its answers',
  points: 2,
  task: 'c',
  did: 'sent 40 GET of a value of 64 KB and one SET in one segment, and read nothing for a while; over a simulated network',
  expected:
    'commands are carried out only as fast as answers are taken; then all are answered, in order',
  causes: {
    ...common,
    unbounded: {
      why: 'A kilobyte of commands has become {bytes} bytes of answers, all in your memory. TCP slows a client down when it does not read, but only if you stop reading, and carrying out what you have read.',
      next: 'with more than 64 KB in the queue, leave the loop over commands, and take Readable away; go on when the queue has gone',
      read: 'the sheet, task c',
    },
  },
  run: (exam) => simulated(exam, 'backedUp'),
};

export const idle: Check = {
  id: '6.10',
  name: 'clients that say nothing',
  points: 1,
  task: 'e',
  did: 'left one client silent, had one send PING after 20 s, and one subscribe; in simulated time',
  expected: 'closed 30 s after its last byte, and not before; a subscriber stays',
  causes: {
    ...common,
    'not closed': {
      why: 'A client whose machine has lost its power sends no FIN. Only time shows it, and each one that is kept costs a descriptor.',
      next: 'a timer of 30 s for each client, which begins anew with each read',
      read: 'the sheet, task e',
    },
    'too early': {
      why: 'The 30 s are counted from the connect, or from a command before the last one.',
      next: 'timer.refresh() when bytes have come',
      read: 'the sheet, task e',
    },
    'subscriber closed': {
      why: 'A subscriber has nothing to say: its silence is no sign.',
      next: 'clear its timer when it subscribes',
      read: 'the sheet, task e',
    },
  },
  run: (exam) => simulated(exam, 'idle'),
};

const CLI_MS = 10_000;

export const redisCli: Check = {
  id: '6.11',
  name: 'redis-cli',
  points: 1,
  task: 'b',
  needs: 'redis-cli',
  did: 'ran redis-cli against the server: PING, SET, GET, DEL',
  expected: 'what a Redis server would have answered',
  causes: {
    ...common,
    'other output': {
      why: 'redis-cli is the client of another author: what it shows is what your bytes mean to it.',
      next: 'run it by hand: redis-cli -p PORT SET a b',
      read: 'the sheet, "The protocol"',
    },
  },
  async run(exam) {
    const server = await exam.start('main');
    const peer = await exam.connect(server);
    peer.write(command('PING'));
    await expectAnswer(server, peer, '+PONG\r\n', 'to PING of the grader');
    const lines = 'PING\nSET "a b" "x y"\nGET "a b"\nGET none\nDEL "a b"\n';
    const output = await cli(server, lines);
    server.check();
    const wanted = 'PONG\nOK\nx y\n\n1\n';
    if (output !== wanted)
      throw new Miss(
        'other output',
        `${shown(Buffer.from(output))}, not ${shown(Buffer.from(wanted))}`,
      );
  },
};

// It reads commands from its input, one a line, and ends with it.
async function cli(server: Trial, lines: string): Promise<string> {
  const child = spawn('redis-cli', ['-h', '127.0.0.1', '-p', String(server.port)], {
    stdio: ['pipe', 'pipe', 'ignore'],
    timeout: CLI_MS,
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  child.stdin.on('error', () => undefined); // it has ended before
  child.stdin.end(lines);
  await once(child, 'close');
  return output;
}
