// What is a command, wherever the bytes are cut: checks with one client at a time, and with many.
import { textFrom } from '../../src/exam/random.ts';
import { type Check, Miss } from '../../src/lab.ts';
import { common, expectAnswer, simulated } from './asking.ts';
import { bulk, command, NIL, OK, shown, type Word } from './wire.ts';

/** Commands, and what each is answered; errors by their beginning. */
const TABLE: readonly (readonly [readonly Word[], string])[] = [
  [['PING'], '+PONG\r\n'],
  [['ECHO', 'hello'], '$5\r\nhello\r\n'],
  [['GET', 'name'], NIL],
  [['SET', 'name', 'edge'], OK],
  [['GET', 'name'], '$4\r\nedge\r\n'],
  [['get', 'name'], '$4\r\nedge\r\n'],
  [['DEL', 'name', 'other'], ':1\r\n'],
  [['GET', 'name'], NIL],
  [['PUBLISH', 'sport', 'hello'], ':0\r\n'],
];
const WRONG: readonly (readonly Word[])[] = [['GET'], ['ECHO', 'a', 'b'], ['NOSUCH', 'x']];

export const commands: Check = {
  id: '6.1',
  name: 'each command',
  points: 2,
  task: 'b',
  did: 'sent one command after the other, each when the last one was answered; then some that are wrong',
  expected:
    'the answer of the table in the sheet; -ERR for what is wrong, and the connection goes on',
  causes: {
    ...common,
    'no error': {
      why: 'A command that does not exist, or has too few arguments, is whole: the client knows what it has sent, and waits for its answer like for any other.',
      next: 'answer -ERR and why, on one line, and go on',
      read: 'the sheet, "The protocol"',
    },
  },
  async run(exam) {
    const server = await exam.start('main');
    const peer = await exam.connect(server);
    for (const [words, answer] of TABLE) {
      peer.write(command(...words));
      await expectAnswer(server, peer, answer, `to ${words.join(' ')}`);
    }
    for (const words of WRONG) {
      peer.write(command(...words));
      await server.until(() => peer.length > 4 || peer.hasEnded);
      const line = peer.takeTo('\r\n') ?? peer.takeAll();
      if (line.subarray(0, 4).toString() !== '-ERR') {
        server.check();
        throw new Miss('no error', `${shown(line)}, to ${words.join(' ')}`);
      }
    }
    peer.write(command('PING'));
    await expectAnswer(server, peer, '+PONG\r\n', 'to PING, after three errors');
  },
};

export const cuts: Check = {
  id: '6.2',
  name: 'a pipeline, cut anywhere',
  points: 3,
  task: 'a',
  did: 'sent a pipeline of 20 commands in one segment; in two, cut behind each of its bytes in turn; and byte by byte; over a simulated network',
  expected: 'the same 20 answers each time',
  causes: {
    ...common,
    'wrong answer': {
      why: 'A read ends where the network has cut, and not where a command does: in the middle of a length, between CR and LF, in a value. What the parser knew so far is lost there, or is used twice.',
      next: 'keep bytes and state in the parser of the client, and run resp.test.ts',
      read: 'tcp(7); the sheet, task a',
    },
    'wrong uncut': {
      why: 'All 20 commands came in one segment, so no cut has to do with it. Either this command is answered wrongly by itself, or the parser has begun it at the wrong byte, behind the command before.',
      next: 'send this command alone; if its answer is right then, look at where the parser goes on behind the command before it',
      read: 'the sheet, "The protocol"',
    },
  },
  run: (exam) => simulated(exam, 'cuts'),
};

const LARGEST = 512 * 1024;

export const binary: Check = {
  id: '6.3',
  name: 'any bytes',
  points: 2,
  task: 'a',
  did: 'sent values with CR, LF, NUL, and all bytes that are no UTF-8; an empty one, and one of 512 KB',
  expected: 'each comes back as it was',
  causes: {
    ...common,
    'wrong answer': {
      why: 'A bulk string is so many bytes, and no text. Decoded as UTF-8 and encoded again, 0xff becomes three bytes, and lengths count characters; searched for CRLF, it ends in its middle.',
      next: 'keep values as Buffers, take them by their length, and compute lengths from bytes',
      read: 'the sheet, "The protocol"',
    },
  },
  async run(exam) {
    const server = await exam.start('main');
    const peer = await exam.connect(server);
    const all = Uint8Array.from({ length: 256 }, (_, byte) => byte);
    const values: Word[] = ['', '\r\n', 'a\r\n$1\r\nb\0', all, 'grüße, 世界'];
    for (const value of values) {
      peer.write(Buffer.concat([command('SET', all, value), command('GET', all)]));
      const answer = Buffer.concat([Buffer.from(OK), bulk(value)]);
      await expectAnswer(server, peer, answer, `to SET and GET of ${shown(Buffer.from(value))}`);
    }
    const large = Buffer.from(textFrom(exam.random, LARGEST));
    peer.write(command('SET', 'large', large));
    peer.write(command('GET', 'large'));
    const answer = Buffer.concat([Buffer.from(OK), bulk(large)]);
    await expectAnswer(server, peer, answer, 'to SET and GET of 512 KB');
  },
};

export const halfACommand: Check = {
  id: '6.8',
  name: 'half a command, then the end',
  points: 1,
  task: 'c',
  did: 'sent two commands and a half, and the end in the same segment; another client was reset in the middle of one',
  expected: 'two answers, then the end; nothing is left open, and other clients live',
  causes: {
    ...common,
    'lost answers': {
      why: 'The end of what the client sends is no end of what it reads: it has half-closed, and waits for its answers.',
      next: 'when recv gives 0, remember it; close when the queue is empty',
      read: 'docs/semantics.md "Data that was sent before a FIN can be read before the end is seen."',
    },
    'left open': {
      why: 'The client has gone, and its descriptor is still there: {count} are open. After some thousand clients accept gives EMFILE.',
      next: 'close when recv gives 0 or an error, whatever the parser still has',
      read: 'close(2)',
    },
  },
  async run(exam) {
    const server = await exam.start('main', { isRecorded: true });
    const [half, reset, other] = await exam.connectMany(server, 3);
    if (half === undefined || reset === undefined || other === undefined) return;
    reset.write(command('SET', 'a', 'x').subarray(0, 12));
    half.endWith(
      Buffer.concat([command('PING'), command('ECHO', 'b'), command('PING').subarray(0, 9)]),
    );
    const wanted = `+PONG\r\n${bulk('b')}`;
    await server.until(() => half.hasEnded || half.length >= wanted.length);
    const got = half.takeAll();
    if (got.toString() !== wanted) {
      server.check();
      const end = half.error ?? (half.hasEnded ? 'the end' : 'nothing more');
      const said = `${shown(got)}, then ${end}; not ${shown(Buffer.from(wanted))}`;
      throw new Miss('lost answers', said);
    }
    reset.reset();
    other.write(command('PING'));
    await expectAnswer(server, other, '+PONG\r\n', 'to another client');
    half.close();
    const accepted = (): number => {
      const { unclosed, accepted: clients } = exam.ledger;
      return unclosed.filter((fd) => clients.includes(fd)).length;
    };
    await server.until(() => accepted() <= 1);
    const count = accepted();
    if (count > 1)
      throw new Miss('left open', `${count} clients, of which one is there`, { count });
  },
};

const GARBAGE = [
  'GET / HTTP/1.1\r\n\r\n',
  '*1\r\n:5\r\n',
  '*1\r\n$-1\r\n',
  '*1\r\n$600000\r\n',
  '*2000000\r\n',
  '*1\r\n$4\r\nPINGxx',
  '*one\r\n',
];

export const garbage: Check = {
  id: '6.9',
  name: 'what is no command',
  points: 1,
  task: 'a',
  did: 'sent PING and then what is no RESP: HTTP, a bulk string of 600,000 bytes, one that does not end where it says',
  expected: '+PONG, one line with -ERR, and the end of this connection; other clients live',
  causes: {
    ...common,
    'not refused': {
      why: 'Behind bytes that are no command no one can say where the next one begins. A server that waits for more, or reads on, keeps the client waiting, or takes its data for commands; one that believes a length of a gigabyte asks for the memory.',
      next: 'have next() throw a ProtocolError as soon as it is sure; queue -ERR, and close behind it',
      read: 'the sheet, task a',
    },
  },
  async run(exam) {
    const server = await exam.start('main');
    const other = await exam.connect(server);
    for (const text of GARBAGE) {
      const peer = await exam.connect(server);
      peer.write(Buffer.concat([command('PING'), Buffer.from(text)]));
      await server.until(() => peer.hasEnded);
      const got = peer.takeAll();
      const isRefused = /^\+PONG\r\n-ERR [^\r\n]*\r\n$/.test(got.toString('latin1'));
      if (isRefused && peer.hasEnded) continue;
      server.check();
      const state = peer.hasEnded ? ', then the end' : ', and it is still connected';
      throw new Miss('not refused', `${shown(got)}${state}, to ${shown(Buffer.from(text))}`);
    }
    other.write(command('PING'));
    await expectAnswer(server, other, '+PONG\r\n', 'to another client');
  },
};

const COMMANDS_EACH = 20;
const PARTS = 5;

export const manyClients: Check = {
  id: '6.12',
  name: 'many clients',
  points: 1,
  task: 'b',
  did: 'had 100 clients send 20 commands each, a piece of one client, a piece of the next',
  expected: 'each gets its own answers, in order',
  causes: {
    ...common,
    'wrong answer': {
      why: 'The pieces of one client have come between those of another. A parser, a queue, or the memory that recv writes to is shared by them.',
      next: 'one parser for each client, which copies what it keeps',
      read: 'the sheet, task a',
    },
  },
  async run(exam) {
    const server = await exam.start('main');
    const peers = await exam.connectMany(server, exam.isQuick ? 30 : 100);
    const texts = peers.map((_, index) => {
      const text = `client ${index} ${textFrom(exam.random, 10)}`;
      return Array.from({ length: COMMANDS_EACH }, (_, n) => `${text} ${n}`);
    });
    for (let part = 0; part < PARTS; part++) {
      const sent = texts.map((all) => partOf(all, part));
      for (const [index, peer] of peers.entries()) peer.write(sent[index]?.bytes ?? '');
      // Answered as far as it can be, so that no two parts of one client are in one read.
      for (const [index, peer] of peers.entries()) {
        const what = `to part ${part + 1} of ${PARTS} of client ${index}`;
        await expectAnswer(server, peer, sent[index]?.answers ?? '', what);
      }
    }
  },
};

// A part of the commands that echo some texts, and the answers to those that end in it.
function partOf(texts: readonly string[], part: number): { bytes: Buffer; answers: Buffer } {
  const commands = texts.map((text) => command('ECHO', text));
  const all = Buffer.concat(commands);
  const [from, to] = [part, part + 1].map((at) => Math.floor((all.length * at) / PARTS));
  let end = 0;
  const ended = texts.filter((_, index) => {
    end += commands[index]?.length ?? 0;
    return end > (from ?? 0) && end <= (to ?? 0);
  });
  return { bytes: all.subarray(from, to), answers: Buffer.concat(ended.map(bulk)) };
}
