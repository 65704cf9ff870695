// How two processes talk when the one hands its sockets to the other (hand-over.ts, take-over.ts), in
// lines of text over a Unix socket:
//
//   the next process        the earlier process
//   connects            ->
//                       <-  the head: version and names, and with it the descriptors
//   listens on them
//   CONFIRM             ->
//                       <-  RELEASED: it has stopped accepting, and the path is free
//
// Until CONFIRM nothing has changed in the earlier process. Both ask the kernel which user the other
// one is of. A head is of one version; a process of another version is refused.
import { StringDecoder } from 'node:string_decoder';
import { EdgewiseError } from '../../errors.ts';
import type { Connection } from '../connection/connection.ts';

/** The answer of the next process: it listens. */
export const CONFIRM = 'confirm';
/** The answer of the earlier process: it does not accept any more. */
export const RELEASED = 'released';
/** One message carries them all. */
export const SOCKET_COUNT_MAX = 253;
export const NAME_LENGTH_MAX = 255;
const VERSION = 1;
const LINE_LENGTH_MAX = 128 * 1024;

/** The error of a hand-over that has failed, on either side: ERR_HANDOVER_FAILED. */
export function failed(what: string): EdgewiseError {
  return new EdgewiseError('ERR_HANDOVER_FAILED', what);
}

/** The error of a peer that does not keep to the protocol. */
export function failedByPeer(): EdgewiseError {
  return failed('the peer does not speak the protocol');
}

/** @returns the first line, with its end. */
export function encodeHead(names: readonly string[]): string {
  return `${JSON.stringify({ version: VERSION, names })}\n`;
}

/**
 * Reads the first line.
 *
 * @returns the names of the sockets, each another.
 * @throws EdgewiseError - ERR_HANDOVER_FAILED: another version, or no names. SyntaxError, TypeError: no
 *   head.
 */
export function decodeHead(line: string): readonly string[] {
  const { version, names } = JSON.parse(line) as { version: unknown; names: unknown };
  if (version !== VERSION) throw failed(`version ${JSON.stringify(version)} of the protocol`);
  if (!areNames(names)) throw failedByPeer();
  return names;
}

function areNames(names: unknown): names is readonly string[] {
  if (!Array.isArray(names) || names.length > SOCKET_COUNT_MAX) return false;
  const isName = (name: unknown) =>
    typeof name === 'string' && name.length > 0 && name.length <= NAME_LENGTH_MAX;
  return names.every(isName) && new Set(names).size === names.length;
}

/** Puts lines together that come in several reads. */
export class Lines {
  #text = '';
  /** A letter of several bytes can come in two reads. */
  readonly #decoder = new StringDecoder('utf8');

  /**
   * Takes the bytes of one read.
   *
   * @returns the lines that are whole, without their ends.
   * @throws EdgewiseError - ERR_HANDOVER_FAILED: what comes is too long to be one.
   */
  take(bytes: Buffer): string[] {
    // Only what is new is looked through: many small reads cost no more than a large one.
    const [rest = '', ...more] = this.#decoder.write(bytes).split('\n');
    const lines = [this.#text + rest, ...more];
    this.#text = lines.pop() ?? '';
    if (this.#text.length <= LINE_LENGTH_MAX) return lines;
    throw failedByPeer();
  }
}

/**
 * Checks that the peer is of our user.
 *
 * @returns its pid, where the kernel reports it.
 * @throws EdgewiseError - ERR_HANDOVER_FAILED: it is another user's.
 */
export function checkPeer(connection: Connection): number | undefined {
  const { uid, pid } = connection.peerCredentials();
  if (uid === process.geteuid?.()) return pid;
  throw failed(`the peer is of the user ${uid}`);
}
