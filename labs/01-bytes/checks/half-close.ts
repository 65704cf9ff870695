// A request that ends with our side of the connection, and an answer that ends with the server's.
import { textFrom } from '../../src/exam/random.ts';
import { type Check, Miss } from '../../src/lab.ts';
import { accepted, finished, hasRead, notConnected, startAsk } from './conversation.ts';

const spins = {
  why: 'The server has sent its last, which a read reports as 0, and ask goes on to read.',
  next: 'stop at 0: it is the end, and never "nothing yet"',
  read: 'read(2), RETURN VALUE',
};

export const halfClose: Check = {
  id: '1.7',
  name: 'our end, then the answer',
  points: 3,
  task: 'c',
  did: 'ran ask with 300,000 bytes of input against a server that answers when it has seen the end of the request',
  expected:
    'all of the input at the server, then its end; the answer on standard output; exit code 0',
  causes: {
    'not connected': notConnected,
    'no end': {
      why: 'The server reads until the end, to know that it has the whole request; ask waits for the answer, and has not ended its side. Both wait for ever.',
      next: 'shutdown(fd, SHUT_WR) behind the last byte: it ends what you send, and you can still read',
      read: 'shutdown(2)',
    },
    'not all': {
      why: 'The server has seen the end of the request, and {count} of {all} bytes were in front of it.',
      next: 'read standard input until it returns 0, and write all of each read',
      read: 'the sheet, task c',
    },
    'answer lost': {
      why: 'The connection was closed in both directions, and the answer is lost. close(2) says: I neither send nor read; shutdown with SHUT_WR says only the first.',
      next: 'shutdown(fd, SHUT_WR) in place of close, and close when you have read to the end',
      read: 'shutdown(2), close(2); the sheet, "Two directions"',
    },
    spins,
  },
  async run(exam) {
    const input = textFrom(exam.random, 300_000);
    const conversation = startAsk(exam, input);
    const { ask } = conversation;
    const peer = await accepted(conversation);
    await ask.until(() => peer.hasEnded);
    const request = peer.takeAll();
    if (!peer.hasEnded) {
      throw new Miss('no end', `${request.length} of ${input.length} bytes, and no end of them`);
    }
    if (request.toString() !== input) {
      const values = { count: request.length, all: input.length };
      throw new Miss('not all', `${values.count} of ${values.all} bytes, then the end`, values);
    }
    peer.write('the answer\n');
    peer.end();
    const code = await finished(ask, 'spins');
    if (ask.output.text === 'the answer\n' && code === 0) return;
    const what = JSON.stringify(ask.output.text.slice(0, 100));
    throw new Miss('answer lost', `${what} on standard output, exit code ${code}`);
  },
};

export const cutCharacter: Check = {
  id: '1.8',
  name: 'a character in two segments',
  points: 1,
  task: 'c',
  did: 'answered "grün" with the cut in the middle of the ü, and waited until ask had read the first half',
  expected: 'the answer on standard output, byte for byte',
  causes: {
    'not connected': notConnected,
    changed: {
      why: 'ü is two bytes in UTF-8. Half of it is no character: what decodes each read puts U+FFFD there, twice. And what prints only the first read loses the rest.',
      next: 'write the bytes that you read to descriptor 1 as they are, to the end; nothing here has to be text',
      read: 'utf-8(7); the sheet, task c',
    },
    spins,
  },
  async run(exam) {
    const answer = Buffer.from('alles grün\n');
    const cut = answer.indexOf('ü') + 1;
    const conversation = startAsk(exam, 'a question\n', { isRecorded: true });
    const { ask } = conversation;
    const peer = await accepted(conversation);
    await ask.until(() => peer.length > 0);
    peer.write(answer.subarray(0, cut));
    await hasRead(exam, ask, cut);
    peer.write(answer.subarray(cut));
    peer.end();
    await finished(ask, 'spins');
    if (ask.output.text === answer.toString()) return;
    throw new Miss('changed', JSON.stringify(ask.output.text.slice(0, 100)));
  },
};
