// Task a and b: what comes back, whatever the segments are.
import {
  answered,
  answeredToEnd,
  ask,
  askByteByByte,
  lineCauses,
  linesOf,
} from '../../src/exam/lines.ts';
import { type Check, Miss } from '../../src/lab.ts';

export const byteByByte: Check = {
  id: '3.1',
  name: 'a line, one byte at a time',
  points: 2,
  task: 'a',
  did: 'sent a line byte by byte, each in a segment of its own, while 20 other clients sent whole ones',
  expected: 'each line back in upper case',
  causes: lineCauses,
  async run(exam) {
    const server = await exam.start('main');
    const slow = await exam.connect(server);
    const others = await exam.connectMany(server, 20);
    await askByteByByte(exam, server, slow, others);
  },
};

const COUNT = 2000;

export const manyInOne: Check = {
  id: '3.2',
  name: 'many lines at once, then QUIT',
  points: 2,
  task: 'b',
  did: `sent ${COUNT} lines in one burst, then QUIT and one line more, and waited`,
  expected: `${COUNT} lines back in upper case, in order; then the end, and nothing for what is behind QUIT`,
  causes: {
    ...lineCauses,
    'one at a time': {
      why: 'A read brings whatever has arrived: many lines, and the beginning of one more. {received} bytes were answered; the rest is in your memory, and no event reports what is not in the kernel any more.',
      next: 'after each read answer all lines that are whole, and keep only what is behind the last line end',
      read: 'tcp(7): a stream has no messages',
    },
    'answers QUIT': {
      why: 'A line that is QUIT is not answered: the client asks for the end. What comes behind it is not answered either. {count} bytes came back for QUIT and what is behind it.',
      next: 'compare each line with QUIT before you answer it; after it, leave the loop over lines',
      read: 'the sheet, task b',
    },
    'stays open': {
      why: 'QUIT is the end of the conversation: the client has its answers, and waits for your end.',
      next: 'after QUIT read no more, and close when all answers are sent',
      read: 'the sheet, task b',
    },
  },
  async run(exam) {
    const server = await exam.start('main');
    const client = await exam.connect(server);
    await ask(exam, server, client, 'first');
    const lines = linesOf(exam.random, COUNT * 20, 20);
    client.write(`${lines}QUIT\nbehind it\n`);
    await answered(exam, server, client, lines, 'one at a time');
    await server.until(() => client.hasEnded);
    const behind = client.takeAll().toString('latin1');
    if (behind !== '') {
      const got = `${JSON.stringify(behind.slice(0, 64))} came back behind the answers to all lines`;
      throw new Miss('answers QUIT', got, { count: behind.length });
    }
    await exam.receiveToEnd(server, client, 'stays open');
  },
};

export const endBehindLines: Check = {
  id: '3.3',
  name: 'the end right behind the lines',
  points: 2,
  task: 'b',
  did: 'sent lines and the end of its side in one segment, and went on reading',
  expected: 'the answers to all lines, and then the end',
  causes: {
    ...lineCauses,
    'end first': {
      why: 'One report has both bits: there is data, and the peer has ended its side. {received} bytes came back: what was sent before an end can be read before it, but not after you have closed.',
      next: 'at Readable and ReadClosed alike read; only a read of 0 is the end',
      read: 'docs/semantics.md "Data that was sent before a FIN can be read before the end is seen."',
    },
    'stays open': {
      why: 'A read of 0 says that the client sends no more. It has all its answers, and now waits for your end; the kernel reports its end to you at every wait.',
      next: 'close when a read has returned 0 and the queue is empty',
      read: 'docs/semantics.md "Level goes on reporting an end of stream until the descriptor is closed or its read interest removed."',
    },
  },
  async run(exam) {
    const server = await exam.start('main');
    const first = await exam.connect(server);
    await ask(exam, server, first, 'first');
    for (const bytes of [20, 2000]) {
      const lines = linesOf(exam.random, bytes, 20);
      const client = exam.dial(server.port);
      await server.frozen(async () => {
        await server.until(() => client.isConnected);
        client.endWith(lines);
      });
      await server.until(() => client.hasEnded);
      if (client.hasEnded && client.length < lines.length) {
        const got = `${client.length} of ${lines.length} bytes, then the end`;
        throw new Miss('end first', got, { received: client.length });
      }
      await answeredToEnd(exam, server, client, lines, 'stays open');
    }
  },
};
