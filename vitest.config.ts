import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { NameUnended } from './test/helpers/name-unended.ts';
import { Progress } from './test/helpers/progress.ts';

// These hold clocks or memory to a bound that other work would break: they run last, one after the
// other, with the machine to themselves. A file that holds a wait to at least its time, or a count of
// waits to a limit, is no such one.
const TIMED = [
  'test/behaviour/semantics/waits.test.ts',
  'test/reactor/driver.load.test.ts',
  'test/reactor/lint/**/*.test.ts', // a handler is slow from 50 ms on
];

// Each of these takes from five seconds to a minute and a half, for it proves something with very many runs, or starts very
// many processes. `npm test`, what a change needs before it is committed, leaves them out (`--project '!long*'`);
// `npm run test:all` does not.
const LONG = [
  'test/behaviour/{injected,spinning}.test.ts',
  'test/cli/{audit,cli,load,relay,trace,words}.test.ts',
  'test/examples/**/*.test.ts',
  'test/faults/**/*.test.ts',
  'test/labs/**/*.test.ts',
  'test/model/model.test.ts',
  'test/net/connection/allocation.test.ts',
  'test/net/inherit/hand-over.test.ts',
  'test/net/relay/stall.test.ts',
  'test/prepack.test.ts',
  'test/proactor/model.test.ts',
  'test/promises/{ending,endings,storm}.test.ts',
  'test/reactor/waits.test.ts',
  'test/testing/{determinism,mistakes,tutorial}.test.ts',
  'test/testing/examples/echo.test.ts',
  'test/testing/kernel/{lockstep,mutants,spec}.test.ts',
  'test/viewer/page.test.ts',
];

// The same, where another version of Node makes a difference, and all files of a folder where most are long:
// scripts/test-nodes.mjs runs them as well.
const LONG_OF_NODE = [
  'test/multi/**/*.test.ts',
  'test/node-{dgram,net}/liveness.test.ts',
  'test/reactor/driver.{exits,several}.test.ts',
  'test/reactor/signals.parties.test.ts',
  'test/register/**/*.test.ts',
  'test/trace/environment.test.ts',
  'test/workers/{ends,ownership}.test.ts',
];

// Long, and alone.
const LONG_TIMED = [
  'test/reactor/allocation.test.ts',
  'test/reactor/driver.terminate.test.ts',
  'test/viewer/opening.test.ts',
];

const ALL_LONG = [...LONG, ...LONG_OF_NODE, ...LONG_TIMED];

// The files of these folders follow each other in one process, which has loaded Node, vitest and src/ once. A
// test there leaves its process as it has found it (test/helpers/descriptors.ts, test/helpers/own-reactor.ts).
// Not those that replace modules: one that is loaded already cannot be.
const FOLDERS =
  /^test.(audit|behaviour|flow|net|node-net|pipe|poller|proactor|promises|reactor|stream|sys|trace|view)\b/;
const replacesModules = (path: string) =>
  /\bvi\.(mock|doMock|resetModules)\(/.test(readFileSync(path, 'utf8'));
const TOGETHER = readdirSync('test', { recursive: true, encoding: 'utf8' })
  .map((name) => join('test', name))
  .filter((path) => path.endsWith('.test.ts') && FOLDERS.test(path) && !replacesModules(path));
/** By itself: `npm run test:long -- site`. */
const SITE = 'test/site/**';
const except = (patterns: readonly string[]) => patterns.map((pattern) => `!${pattern}`);

// On the simulated kernel nothing is held to real time, and what does not pass there waits for long.
const isSimulated = process.env.EDGEWISE_KERNEL === 'sim';
const maxWorkers = isSimulated ? 4 : '100%';

/** Under Bun and Deno: scripts/test-hosts.mjs. */
const isOtherHost = process.versions.bun !== undefined || process.versions.deno !== undefined;

const TESTS = fileURLToPath(new URL('test/', import.meta.url));
const TWINS = ['net', 'dgram'].map((name) => {
  const twin = fileURLToPath(new URL(`src/node-${name}/index.ts`, import.meta.url));
  return [`from 'node:${name}'`, `from '${twin}'`] as const;
});

/** Where what has run before in a process matters, such as which call of it is the third. */
const isIsolated = process.env.EDGEWISE_TEST_ISOLATED === '1';

const report = process.env.EDGEWISE_TEST_REPORT;

/** Peers of tests that are sockets of Node are ours there: those of Node know the real kernel only. */
const peersOfOurOwn = {
  name: 'peers-of-our-own',
  enforce: 'pre' as const,
  transform: (code: string, id: string) =>
    isSimulated && id.startsWith(TESTS)
      ? TWINS.reduce((text, [theirs, ours]) => text.replaceAll(theirs, ours), code)
      : undefined,
};

const SETUP = [
  ...(isSimulated ? ['test/helpers/simulated-kernel.ts'] : []),
  ...(isOtherHost ? ['test/helpers/other-host.ts'] : []),
];

/** A group whose files have a process each, as many at a time as there are CPUs. */
const sideBySide = (name: string, include: string[]) => ({
  extends: true as const,
  test: { name, include, maxWorkers, sequence: { groupOrder: 0 } },
});

/** A group that runs one file after the other, after all groups of a lower order. */
const alone = (name: string, include: string[], groupOrder: number) => ({
  extends: true as const,
  test: { name, include, maxWorkers: isSimulated ? maxWorkers : 1, sequence: { groupOrder } },
});

export default defineConfig({
  plugins: [peersOfOurOwn],
  test: {
    // A crash in an addon kills a pool of threads; a fork reports it and the others go on.
    pool: 'forks',
    // A `--reporter` replaces these; with EDGEWISE_TEST_REPORT=FILE the results go there, too.
    reporters: [
      ...(process.stdout.isTTY ? ['default'] : ['minimal', new Progress()]),
      new NameUnended(),
      ...(report === undefined ? [] : ['json']),
    ],
    outputFile: { json: report ?? '' },
    setupFiles: SETUP,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'together',
          // An `exclude` here would hide that of the command line.
          include: [...TOGETHER, ...except([...TIMED, ...ALL_LONG])],
          isolate: isSimulated || isIsolated,
          setupFiles: isSimulated ? [] : ['test/helpers/own-reactor.ts'],
          maxWorkers,
          sequence: { groupOrder: 0 },
        },
      },
      sideBySide('side by side', [
        'test/**/*.test.ts',
        ...except([...TIMED, ...TOGETHER, ...ALL_LONG, SITE]),
      ]),
      sideBySide('long', LONG),
      sideBySide('long, of Node', LONG_OF_NODE),
      alone('timed', TIMED, 1),
      alone('long, timed', LONG_TIMED, 2),
    ],
  },
});
