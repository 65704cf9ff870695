// What has happened in a run, as lines to read: what the program called when, on what, and what came of it; and
// what was unkind, in order with it.
import { errnoName } from '../sys/result.ts';
import { describe } from './describe.ts';
import { CUT_CALLS } from './kernel/call-names.ts';
import type { Entry } from './kernel/journal.ts';

const NS_PER_MS = 1e6;
/** Of a story: all of it, and of that what was unkind. */
const LINES_MAX = 20;
const UNKIND_MAX = 12;
/** How a program is tidied up, and how many such calls at its end are shown. */
const TIDYING: ReadonlySet<string> = new Set(['close', 'poller.remove']);
const TIDYING_MAX = 3;
const SKIPPED = '              …';

/** Calls that say nothing of what happens to the program's data. */
const SILENT: ReadonlySet<string> = new Set([
  'fcntl',
  'getsockname',
  'getpeername',
  'getsockopt',
  'setsockopt',
  'poller.wait',
]);

/** Of them the end is 0, and what they ask for is only the size of their memory. */
const READS: ReadonlySet<string> = new Set(['recv', 'recvfrom', 'recvmsg', 'read', 'readv']);

/** All of it, a line each. */
export function logOf(entries: readonly Entry[]): string[] {
  return entries.map((entry) => {
    const of = entry.fd < 0 ? '' : `${entry.fd} `;
    return `${(entry.atNs / NS_PER_MS).toFixed(6)} ms ${of}${sentenceOf(entry)}`;
  });
}

/** What was unkind, and the last calls before the end, 20 lines at most. */
export function storyOf(entries: readonly Entry[]): string {
  const said = entries.filter(({ call, unkind }) => unkind !== '' || !SILENT.has(call));
  const shown = said.slice(0, tidyingBegin(said) + TIDYING_MAX);
  const unkind = shown.filter((entry) => entry.unkind !== '').slice(0, UNKIND_MAX);
  const chosen = new Set(unkind);
  for (let at = shown.length - 1; at >= 0 && chosen.size < LINES_MAX; at--) {
    chosen.add(shown[at] as Entry);
  }
  const lines: string[] = [];
  let hasSkipped = false;
  for (const entry of shown) {
    if (!chosen.has(entry)) {
      hasSkipped = true;
      continue;
    }
    if (hasSkipped) lines.push(SKIPPED);
    hasSkipped = false;
    const ms = (entry.atNs / NS_PER_MS).toFixed(1).padStart(10);
    lines.push(`${ms} ms  ${sentenceOf(entry)}`);
  }
  const left = said.slice(shown.length).map(({ call }) => call);
  if (left.length > 0) {
    const names = [...new Set(left)].join(' and ');
    lines.push(`${SKIPPED} and ${left.length} more calls of ${names}`);
  }
  return lines.join('\n');
}

// What follows the last other call explains nothing of a failure.
function tidyingBegin(entries: readonly Entry[]): number {
  return 1 + entries.findLastIndex(({ call, unkind }) => unkind !== '' || !TIDYING.has(call));
}

/** Such as `'recv on connection 127.0.0.1:7007 to 127.0.0.1:32768: 1 byte of 5 (short read)'`. */
export function sentenceOf(entry: Entry): string {
  const { call, fd, file, unkind } = entry;
  if (call === '') return unkind;
  const on = file === undefined ? '' : ` on ${named(describe(file), fd)}`;
  const why = unkind === '' ? '' : ` (${unkind})`;
  return `${call}${on}: ${outcomeOf(entry)}${why}`;
}

// What has no address goes by its number.
function named(text: string, fd: number): string {
  return / /.test(text) || fd < 0 ? text : `${text} ${fd}`;
}

function outcomeOf({ call, result, asked, unkind }: Entry): string {
  if (result === undefined) return 'does not return';
  if (result < 0) return errnoName(result);
  if (!CUT_CALLS.includes(call)) return String(result);
  const isRead = READS.has(call);
  if (isRead && result === 0 && asked !== 0) return 'the end';
  const bytes = result === 1 ? '1 byte' : `${result} bytes`;
  const isWhole = result >= asked || (isRead && unkind === '');
  return isWhole ? bytes : `${bytes} of ${asked}`;
}
