// Lab 1 over a simulated kernel: cuts are where the check wants them, and no time is waited for. A peer sends
// while a blocking call of the student waits.
import * as sys from 'edgewise/sys';
import {
  type FaultOptions,
  observeKernel,
  type Peer,
  type Simulation,
  simulate,
} from 'edgewise/testing';
import { randomFrom, textFrom } from '../src/exam/random.ts';
import { Miss } from '../src/lab.ts';
import type { SimulatedTask } from '../src/simulated/run.ts';

/** What the student's bytes.ts exports. */
interface Bytes {
  readFull(fd: number, bytes: Uint8Array): number;
  writeAll(fd: number, bytes: Uint8Array): number;
  readonly LineReader: new (fd: number, options: { max: number }) => LineReader;
}

interface LineReader {
  next(): unknown;
}

type Body = (peer: Peer, fd: number, sim: Simulation) => Promise<void> | void;

const { AF_INET, SOCK_STREAM, SHUT_WR } = sys.constants;
const PORT = 7001;
const MAX = 1024;

const bytesOf = ({ program }: SimulatedTask): Bytes => program as unknown as Bytes;

export async function writesAll(task: SimulatedTask): Promise<void> {
  const { writeAll } = bytesOf(task);
  const sent = Buffer.from(textFrom(randomFrom(task.seed), 20_000));
  await connected(task, { shortWrites: 0.9 }, async (peer, fd) => {
    const result = writeAll(fd, sent);
    sys.shutdown(fd, SHUT_WR);
    compare(await peer.bytes(), sent, 'not all');
    if (result !== sent.length) {
      throw new Miss('wrong result', `${result} for ${sent.length} bytes, all of which arrived`);
    }
  });
  await connected({ ...task, runs: 1 }, {}, (peer, fd, sim) => {
    peer.pause();
    sim.at(sim.now + 5, () => peer.reset());
    const result = writeAll(fd, Buffer.alloc(4_000_000));
    if (!(result < 0)) throw new Miss('hides the error', `${result}, after the peer has reset`);
  });
}

export async function readsFully(task: SimulatedTask): Promise<void> {
  const { readFull } = bytesOf(task);
  const text = textFrom(randomFrom(task.seed), 5000);
  await connected(task, { shortReads: 0.9 }, (peer, fd, sim) => {
    later(sim, peer, [text.slice(0, 1000), text.slice(1000)]);
    const bytes = Buffer.alloc(4000);
    const result = readFull(fd, bytes);
    compare(bytes.subarray(0, Math.max(result, 0)), Buffer.from(text.slice(0, 4000)), 'not full');
    const last = readFull(fd, bytes);
    if (last !== 1000) throw new Miss('wrong end', `${last}, where 1000 bytes and the end came`);
    const end = readFull(fd, bytes);
    if (end !== 0) throw new Miss('wrong end', `${end}, where nothing but the end was left`);
  });
}

export async function cutsEverywhere(task: SimulatedTask): Promise<void> {
  const lines = ['one\n', 'zw\xc3\xb6lf\r\n', '\n', 'three and more\n'];
  const text = Buffer.from(lines.join(''), 'latin1');
  const cuts = [...text.keys()].slice(1);
  const halves = cuts.map((at) => [text.subarray(0, at), text.subarray(at)]);
  const single = Array.from(text, (byte) => Uint8Array.of(byte));
  for (const parts of [...halves, single]) {
    await connected({ ...task, runs: 1 }, {}, (peer, fd, sim) => {
      later(sim, peer, parts);
      const where = parts.length === 2 ? ` with a cut behind byte ${parts[0]?.length}` : '';
      compareLines(allLines(task, fd), lines, where);
    });
  }
}

export async function givesWhatIsThere(task: SimulatedTask): Promise<void> {
  await connected({ ...task, runs: 1 }, {}, (peer, fd, sim) => {
    const reader = new (bytesOf(task).LineReader)(fd, { max: MAX });
    peer.write('first\nsecond\nthi');
    for (const line of ['first\n', 'second\n']) {
      compareLines([textOf(reader.next())], [line], ' of "first\\nsecond\\nthi"');
    }
    later(sim, peer, ['rd\n']);
    compareLines([textOf(reader.next())], ['third\n'], ' behind it');
  });
}

export async function keepsBytes(task: SimulatedTask): Promise<void> {
  const lines = ['dos\r\n', '\0\n', '\n', 'gr\xfc\xdf\xff\n', ' spaces \t\n', 'no line end'];
  await connected(task, { shortReads: 0.5 }, (peer, fd, sim) => {
    later(sim, peer, [Buffer.from(lines.join(''), 'latin1')]);
    const seen = allLines(task, fd);
    if (seen.at(-1) !== lines.at(-1) && same(seen, lines.slice(0, -1))) {
      throw new Miss('last line', 'the end came, and "no line end" was not returned');
    }
    if (seen.join('') !== lines.join('')) throw new Miss('changed', shown(seen));
    compareLines(seen, lines, '');
  });
}

export async function limitsLines(task: SimulatedTask): Promise<void> {
  const longest = `${'x'.repeat(MAX)}\n`;
  await connected({ ...task, runs: 1 }, {}, (peer, fd, sim) => {
    const reader = new (bytesOf(task).LineReader)(fd, { max: MAX });
    later(sim, peer, [longest, Buffer.alloc(2_000_000, 'y')]);
    const { length } = textOf(reader.next());
    if (length !== longest.length) {
      throw new Miss('other lines', `${length} bytes of a line of ${longest.length}`);
    }
    let taken = 0;
    const forget = observeKernel({
      onCall: ({ name }, from, result) => {
        if (from === fd && result > 0 && /^(read|recv)/.test(name)) taken += result;
      },
    });
    const result = reader.next();
    forget();
    if (result === -sys.constants.EMSGSIZE && taken <= 200_000) return;
    const what =
      typeof result === 'number' ? `${result}` : `a line of ${textOf(result).length} bytes`;
    const count = Math.round(taken / 1024);
    throw new Miss('no limit', `${what}, after ${count} KB were read`, { count });
  });
}

/** Calls `body` with a blocking socket, and the other end of its connection. */
async function connected(
  { seed, runs }: SimulatedTask,
  faults: FaultOptions,
  body: Body,
): Promise<void> {
  const options = { seed, runs, faults, shrinkMs: 500, repeatEvery: 0 };
  await simulate(options, async (sim) => {
    const peers: Peer[] = [];
    sim.listen(PORT, (peer) => peers.push(peer));
    const fd = sys.socket(AF_INET, SOCK_STREAM);
    sys.connect(fd, { address: '127.0.0.1', port: PORT });
    await sim.settle();
    try {
      await body(peers[0] as Peer, fd, sim);
    } finally {
      sys.close(fd);
    }
  });
}

/** Has the peer send each part by itself, and its end. */
function later(sim: Simulation, peer: Peer, parts: readonly (string | Uint8Array)[]): void {
  for (const [index, part] of parts.entries()) {
    sim.at(sim.now + 1 + index, () => peer.write(part));
  }
  sim.at(sim.now + 1 + parts.length, () => peer.end());
}

/** All lines to the end, as latin1 text. */
function allLines(task: SimulatedTask, fd: number): string[] {
  const reader = new (bytesOf(task).LineReader)(fd, { max: MAX });
  const lines: string[] = [];
  for (let line = reader.next(); line !== 0; line = reader.next()) {
    lines.push(textOf(line));
    if (lines.length > 100) throw new Miss('other lines', 'no end after 100 lines');
  }
  return lines;
}

function textOf(line: unknown): string {
  if (line instanceof Uint8Array) return Buffer.from(line).toString('latin1');
  throw new Miss('other lines', `${String(line)}, where a line was due`);
}

const same = (a: readonly string[], b: readonly string[]): boolean => a.join('|') === b.join('|');
const shown = (lines: readonly string[]): string =>
  JSON.stringify(lines.map((line) => Buffer.from(line, 'latin1').toString())).slice(0, 200);

// Lines are latin1 text: a character for each byte.
function compareLines(seen: readonly string[], lines: readonly string[], where: string): void {
  if (!same(seen, lines)) throw new Miss('other lines', `${shown(seen)}${where}`);
}

function compare(got: Uint8Array, expected: Uint8Array, why: string): void {
  if (Buffer.compare(got, expected) === 0) return;
  const at = got.findIndex((byte, index) => byte !== expected[index]);
  const where = at < 0 ? '' : `, another one at ${at}`;
  throw new Miss(why, `${got.length} of ${expected.length} bytes${where}`, { count: got.length });
}
