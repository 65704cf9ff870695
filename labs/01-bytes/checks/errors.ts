// What goes wrong on the way, and what is left open behind it.
import { type Check, Miss } from '../../src/lab.ts';
import { accepted, checkSaid, finished, hasRead, notConnected, startAsk } from './conversation.ts';

export const refused: Check = {
  id: '1.9',
  name: 'no one listens',
  points: 1,
  task: 'd',
  did: 'ran ask with a port at which nothing listens',
  expected: 'one line with ECONNREFUSED on standard error, and exit code 1',
  causes: {
    unsaid: {
      why: 'connect returns -errno like every call, and {name} here. What does not look at it goes on with a socket that has no connection, and fails later for a reason that explains nothing.',
      next: 'look at the result of each call; print its name with sys.errnoName, and end with code 1',
      read: 'connect(2), ERRORS; docs/errors.md',
    },
    hangs: {
      why: 'The connection failed, and it waits all the same.',
      next: 'end at the first error',
      read: 'connect(2), ERRORS',
    },
  },
  async run(exam) {
    const { ask } = startAsk(exam, 'a question\n', { isRefused: true });
    const code = await finished(ask, 'hangs');
    checkSaid(code, ask.errors.text, 'ECONNREFUSED');
  },
};

export const reset: Check = {
  id: '1.10',
  name: 'a reset in the answer',
  points: 1,
  task: 'd',
  did: 'sent half of an answer, waited until ask had read it, and reset the connection',
  expected: 'one line with ECONNRESET on standard error, and exit code 1',
  causes: {
    'not connected': notConnected,
    unsaid: {
      why: 'The answer is not complete: the read behind it returned -{name}, which is no end. An end is 0. What takes both for the same shows half an answer, and says that all is well.',
      next: 'stop at 0 with code 0; stop at a negative result with its name on standard error and code 1',
      read: 'recv(2), ERRORS; docs/errors.md',
    },
    hangs: {
      why: 'The connection is gone, and it reads all the same.',
      next: 'end at the first error',
      read: 'recv(2), ERRORS',
    },
  },
  async run(exam) {
    const conversation = startAsk(exam, 'a question\n', { isRecorded: true });
    const { ask } = conversation;
    const peer = await accepted(conversation);
    await ask.until(() => peer.length > 0);
    peer.write('half of an ans');
    await hasRead(exam, ask, 'half of an ans'.length);
    peer.reset();
    const code = await finished(ask, 'hangs');
    checkSaid(code, ask.errors.text, 'ECONNRESET');
  },
};

export const closed: Check = {
  id: '1.11',
  name: 'every descriptor closed',
  points: 1,
  task: 'd',
  did: 'ran ask twice with its system calls written down: with a server that answers, and with no server',
  expected: 'a close for the socket in both runs',
  causes: {
    'not connected': notConnected,
    'left open': {
      why: 'The socket was opened and not closed ({when}). The end of a process closes all it has; in a program that goes on, each such path costs one descriptor, and at the limit it can open no more.',
      next: 'close on every path that leaves the function: after the answer, and after each error',
      read: 'close(2); getrlimit(2), RLIMIT_NOFILE',
    },
    'no socket': {
      why: 'No socket was opened through edgewise/sys, so that there was nothing to look at.',
      next: 'use sys.socket, sys.connect and sys.close',
      read: 'the sheet, task c',
    },
    hangs: {
      why: 'The server is done, and it goes on.',
      next: 'read to 0, then close, then end',
      read: 'read(2)',
    },
  },
  async run(exam) {
    for (const when of ['after the answer', 'after an error']) {
      const isRefused = when === 'after an error';
      const conversation = startAsk(exam, 'a question\n', { isRecorded: true, isRefused });
      const { ask } = conversation;
      if (!isRefused) {
        const peer = await accepted(conversation);
        await ask.until(() => peer.length > 0);
        peer.write('the answer\n');
        peer.end();
      }
      await finished(ask, 'hangs');
      if (exam.ledger.of('socket').length === 0) throw new Miss('no socket', 'no call of socket');
      const { unclosed } = exam.ledger;
      if (unclosed.length === 0) continue;
      throw new Miss('left open', `descriptor ${unclosed.join(', ')} is open ${when}`, { when });
    }
  },
};
