// Which parts of the repository keep which rule of test/tidy.test.ts.

/**
 * What the house does not keep yet, by the importing room or the path's beginning. Each list is to
 * become empty.
 */
export const NOT_YET: Readonly<Record<Rule, readonly string[]>> = {
  floors: [
    'pipe/writer -> net/connection/options',
    'net/socket/descriptor-passing -> net/connection/',
  ],
  doors: [
    'flow/',
    'cli/',
    'multi/',
    'net/',
    'node-net/',
    'pipe/',
    'proactor/',
    'promises/',
    'stream/',
  ],
  abstract: ['src/pipe/', 'src/promises/', 'src/net/connection/'],
  spreads: [
    'src/cli/',
    'src/node-net/',
    'src/proactor/',
    'src/net/',
    'test/examples/',
    'test/interop/',
    'test/multi/',
    'test/net/',
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
};
type Rule = 'floors' | 'doors' | 'abstract' | 'spreads' | 'readiness';

/** Beginnings of paths in which the words are plain already; to become one for each folder. */
export const PLAIN_WORDS_IN: readonly string[] = [
  'docs/errors.md',
  'docs/reactor.md',
  'docs/semantics.md',
  'docs/sources.md',
  'src/address.ts',
  'src/errors.ts',
  'src/index.ts',
  'src/net/connect/',
  'src/net/index.ts',
  'src/net/inherit/',
  'src/net/listen/',
  'src/net/relay/',
  'src/net/socket/',
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
