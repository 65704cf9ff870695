// Lines out of a stream, whatever its segments are.
import type { Cause, Check } from '../../src/lab.ts';
import { simulateBytes } from './simulate.ts';

const stuck: Cause = {
  why: 'A line is there, and it waits for more. A peer that waits for the answer to that line sends no more: both wait for ever.',
  next: 'look for a line end in what you have; read only when there is none, and take what comes',
  read: 'read(2): it returns what is there, and waits only for the first byte',
};
const hangs: Cause = {
  why: 'It goes round and round: a read of 0 is the end, and every later read is 0 again.',
  next: 'at 0 return what is left; and when nothing is left, 0',
  read: 'read(2), RETURN VALUE',
};

export const everyCut: Check = {
  id: '1.3',
  name: 'a cut at every byte',
  points: 2,
  task: 'b',
  did: 'sent the same four lines many times, in two segments with the cut behind each byte in turn, and once byte by byte',
  expected: 'the same four lines every time',
  causes: {
    'other lines': {
      why: 'TCP carries bytes, and a segment ends where it likes: in a line, in a character, between \\r and \\n. One read is no line: it may be a part of one, or several.',
      next: 'append what you read to what is left, and cut off a line where its \\n is; keep the rest for the next call',
      read: 'the sheet, "A stream has no messages"; tcp(7)',
    },
    stuck,
    hangs,
  },
  run: (exam) => simulateBytes(exam, 'cutsEverywhere'),
};

export const oneAndAHalf: Check = {
  id: '1.4',
  name: 'two lines and a half',
  points: 2,
  task: 'b',
  did: 'sent two lines and the beginning of a third in one segment, called next twice, and only then sent the rest',
  expected: 'two lines at once, without another byte from the peer; then the third',
  causes: {
    stuck,
    'other lines': {
      why: 'One segment had two line ends. Each call returns one line; what is behind it stays for the next call.',
      next: 'look into what is left of the last read before you read again',
      read: 'the sheet, "A stream has no messages"',
    },
    hangs,
  },
  run: (exam) => simulateBytes(exam, 'givesWhatIsThere'),
};

export const keepsBytes: Check = {
  id: '1.5',
  name: 'bytes as they are',
  points: 2,
  task: 'b',
  did: 'sent lines with \\r\\n, a NUL, no character at all, bytes that are no UTF-8, spaces at the end, and a last line without a line end',
  expected: 'each line byte for byte; joined, they are what was sent',
  causes: {
    changed: {
      why: 'Bytes have become others, or are lost. Text is what a program makes of bytes: what decodes and encodes again puts U+FFFD where it does not understand, and what trims takes away.',
      next: 'stay with bytes: Buffer.indexOf, subarray, concat; no toString in between',
      read: 'Node: Buffer.toString, "Invalid byte sequences"',
    },
    'last line': {
      why: 'The end of a stream ends the last line as well. What is left then is a line of its own, though no \\n is behind it.',
      next: 'at a read of 0 return what is left; the call after that returns 0',
      read: 'the sheet, task b',
    },
    'other lines': {
      why: 'The bytes are right, and the lines are cut elsewhere: only \\n ends a line, and an empty line is one.',
      next: 'cut behind each byte 10, and nowhere else',
      read: 'the sheet, task b',
    },
    stuck,
    hangs,
  },
  run: (exam) => simulateBytes(exam, 'keepsBytes', 10),
};

export const limit: Check = {
  id: '1.6',
  name: 'a line that does not end',
  points: 2,
  task: 'b',
  did: 'sent a line of just 1,024 bytes with max 1,024, then 2 MB without a line end',
  expected: 'the line; then LINE_TOO_LONG, after a few reads',
  causes: {
    'no limit': {
      why: 'A peer decides how much memory it costs you: {count} KB here, and a peer that never sends a line end costs all of it.',
      next: 'when more than max bytes have come without a line end, return LINE_TOO_LONG',
      read: 'the sheet, task b',
    },
    'other lines': {
      why: 'max is the most that a line may have without its line end: a line of just so many bytes is a good one.',
      next: 'compare the place of the \\n with max, and what is left only where there is no \\n',
      read: 'the sheet, task b',
    },
    stuck,
    hangs,
  },
  run: (exam) => simulateBytes(exam, 'limitsLines'),
};
