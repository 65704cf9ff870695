// Which parts of the repository keep which rule of test/tidy.test.ts.

/**
 * What the house does not keep yet, by the importing room or the path's beginning. Each list is to
 * become empty.
 */
export const NOT_YET: Readonly<Record<Rule, readonly string[]>> = {
  floors: [],
  doors: [],
  abstract: [],
  spreads: [
    'src/cli/',
    'test/examples/',
    'test/interop/',
    'test/multi/',
    'test/net/connection/',
    'test/node-net/',
    'test/proactor/',
    'test/promises/',
    'test/stream/',
    'test/workers/',
    'bench/',
    'examples/',
    'scripts/',
  ],
  readiness: [],
  words: [],
};
type Rule = 'floors' | 'doors' | 'abstract' | 'spreads' | 'readiness' | 'words';

/** Beginnings of paths in which the words are plain already; to become one for each folder. */
export const PLAIN_WORDS_IN: readonly string[] = [
  'docs/errors.md',
  'docs/net.datagram.md',
  'docs/net.relay.md',
  'docs/net.unix.md',
  'docs/reactor.md',
  'docs/semantics.md',
  'docs/sources.md',
  'src/address.ts',
  'src/errors.ts',
  'src/index.ts',
  'src/net/connect/',
  'src/net/datagram/',
  'src/net/index.ts',
  'src/net/inherit/',
  'src/net/listen/',
  'src/net/relay/',
  'src/net/socket/',
  'src/node-net/',
  'src/poller/',
  'src/process/',
  'src/reactor/',
  'src/sys/',
  'src/validate.ts',
  'test/behaviour/',
  'test/errors.test.ts',
  'test/helpers/',
  'test/model/',
  'test/net/connect/',
  'test/net/datagram/',
  'test/net/inherit/',
  'test/net/listen/',
  'test/net/relay/',
  'test/net/socket/',
  'test/poller/',
  'test/process/',
  'test/reactor/',
  'test/sys/',
  'test/tidy/',
];
