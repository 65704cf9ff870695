// Plain words: what files of this project do not say. Readers learn here, many in a second
// language; so there is one word for one thing, and it is the one of the field.
//
// A line is matched after its identifiers were taken apart (`toldCount` is "told Count",
// SCM_RIGHTS is "SCM RIGHTS"), and a path like a line.

interface Rule {
  readonly pattern: RegExp;
  /** What to say instead. */
  readonly instead: string;
}

const RULES: readonly Rule[] = [
  { pattern: /\b(tells?|telling|told)\b/i, instead: 'notify, report, call, say' },
  { pattern: /\b(hears?|heard|hearing) of\b/i, instead: 'be notified of, be called for' },
  { pattern: /\b(who|whom|whoever)\b/i, instead: 'that, which, the caller' },
  { pattern: /\b(some|no)body\b/i, instead: 'no one, another call, another thread' },
  { pattern: /\b(is|are|was|were|be|been|being|not) had\b/i, instead: 'available, installed' },
  { pattern: /\bPieces?\b|\bpieces? (of|in) the queue\b/, instead: 'write-queue entry' },
  { pattern: /\bpump(s|ed|ing)?\b/i, instead: 'connection driver' },
  { pattern: /\bdivert(s|ed|ing)?\b/i, instead: 'take over, setDriver' },
  { pattern: /\bconduits?\b/i, instead: 'relay buffer' },
  { pattern: /\bluggage\b/i, instead: 'snapshot' },
  { pattern: /\btravel(s|led|ling)?\b/i, instead: 'hand-over, go along, be sent' },
  { pattern: /\bnews\b|\bnotices\b/i, instead: 'deferred calls; sees' },
  { pattern: /\bscratch\b/i, instead: 'read memory' },
  { pattern: /\b(in|out)box(es)?\b/i, instead: 'receive batch, send queue' },
  { pattern: /\bHanding ?Out\b|\bintake\b/, instead: 'dispatch of accepted connections' },
  { pattern: /(?<!SCM )\brights\b/i, instead: 'descriptor passing (SCM_RIGHTS)' },
  { pattern: /\bbears?\b/i, instead: 'tolerates, takes' },
  { pattern: /\bstands\b(?! for\b)/i, instead: 'is' },
  { pattern: /\bcomes to\b/i, instead: 'goes to, becomes' },
  { pattern: /\bwhat [\w'`. ]+ is for,? (is )?shown?s?\b/i, instead: 'Y shows what X is for' },
  { pattern: /\b(him|his|himself)\b|\bhe\b(?= [a-z])/i, instead: 'they, the caller' },
];

/** Takes identifiers apart: `'isToldOf'` is `'is Told Of'`. */
function wordsOf(line: string): string {
  return line.replace(/(?<=[a-z0-9])(?=[A-Z])|_/g, ' ');
}

/** What is wrong with a line of text: `'told: notify, report, call, say'`. */
export function dialectOf(line: string): string[] {
  const words = wordsOf(line);
  return RULES.flatMap(({ pattern, instead }) => {
    const found = pattern.exec(words);
    return found === null ? [] : [`${found[0]}: ${instead}`];
  });
}

/** The same of a file and of its path: `'src/a.ts:7 told: notify, …'`. */
export function dialectIn(path: string, text: string): string[] {
  const inPath = dialectOf(path.replace(/[/.-]/g, ' ')).map((what) => `${path} ${what}`);
  const lines = text.split('\n').map((line) => (isRenaming(path, line) ? '' : line));
  return [
    ...inPath,
    ...lines.flatMap((line, at) => dialectOf(line).map((what) => `${path}:${at + 1} ${what}`)),
  ];
}

// The table of old names and new ones has old names.
function isRenaming(path: string, line: string): boolean {
  return path === 'CHANGELOG.md' && /^\| `/.test(line);
}
