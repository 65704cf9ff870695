// How checks talk with a server that answers each line in upper case: labs 3, 4 and 8.
import type { Cause } from '../lab.ts';
import { Miss } from '../lab.ts';
import type { Exam } from './exam.ts';
import type { Peer } from './peer.ts';
import { textFrom } from './random.ts';
import type { Trial } from './trial.ts';

/** Causes that every check of such a server has. */
export const lineCauses = {
  stuck: {
    why: 'The client waits for its answer, and the program waits for a client: no event will bring it back to what it has not answered.',
    next: 'print each event, and what each call returned: the last line is where the answer was lost',
    read: 'docs/semantics.md "Level reports a readable descriptor at every wait until it is drained."',
  },
  mixed: {
    why: 'Bytes are lost, doubled, in another order, or of another client.',
    next: 'keep the beginning of a line, and the bytes that the kernel did not take, with the client they belong to',
    read: 'send(2): a short count is no error; the sheet, tasks b and c',
  },
} as const satisfies Record<string, Cause>;

/** Lines of so many bytes in all, ends included, each with its number, so that lost and doubled ones show. */
export function linesOf(random: () => number, bytes: number, lineBytes = 64): string {
  const text = textFrom(random, 2 * lineBytes);
  const lines: string[] = [];
  for (let left = bytes; left > 0; left -= lineBytes) {
    const length = Math.min(left, lineBytes) - 1;
    lines.push(`${lines.length} ${text.slice(lines.length % lineBytes)}`.slice(0, length), '\n');
  }
  return lines.join('');
}

/** Sends a line, and waits for its answer. @throws Miss - 'stuck', 'mixed'. */
export async function ask(exam: Exam, server: Trial, peer: Peer, line: string): Promise<void> {
  peer.write(`${line}\n`);
  await answered(exam, server, peer, `${line}\n`);
}

/** Sends a line byte by byte, while others send whole ones and have their answers. @throws Miss - 'stuck', 'mixed'. */
export async function askByteByByte(
  exam: Exam,
  server: Trial,
  slow: Peer,
  others: readonly Peer[],
): Promise<void> {
  const line = `${textFrom(exam.random, 8)}\n`;
  for (const byte of Buffer.from(line)) {
    slow.write(Uint8Array.of(byte));
    for (const [index, other] of others.entries()) other.write(`client ${index}\n`);
    for (const [index, other] of others.entries()) {
      await answered(exam, server, other, `client ${index}\n`);
    }
  }
  await answered(exam, server, slow, line);
}

/** Waits for the answer to lines that were sent. @throws Miss - `why`: it does not come; 'mixed'. */
export async function answered(
  exam: Exam,
  server: Trial,
  peer: Peer,
  lines: string,
  why = 'stuck',
): Promise<void> {
  const bytes = await exam.receive(server, peer, lines.length, why);
  compare(bytes.toString('latin1'), lines.toUpperCase());
}

/** Waits for the answer, and for the end behind it. @throws Miss - the same. */
export async function answeredToEnd(
  exam: Exam,
  server: Trial,
  peer: Peer,
  lines: string,
  why: string,
): Promise<void> {
  const bytes = await exam.receiveToEnd(server, peer, why);
  compare(bytes.toString('latin1'), lines.toUpperCase());
}

function compare(got: string, wanted: string): void {
  if (got === wanted) return;
  const length = Math.min(got.length, wanted.length);
  let at = 0;
  while (at < length && got[at] === wanted[at]) at++;
  const shown = (text: string): string => JSON.stringify(text.slice(at, at + 16));
  throw new Miss(
    'mixed',
    `${got.length} of ${wanted.length} bytes, and from byte ${at} on ${shown(got)} in place of ${shown(wanted)}`,
    { at, received: got.length },
  );
}
