import { defineConfig } from 'vitest/config';
import { NameUnended } from './test/helpers/name-unended.ts';

// These hold clocks or memory to a bound that other work would break: they run last, one after the
// other, with the machine to themselves. A file that holds a wait to at least its time, or a count of
// waits to a limit, is no such one.
const TIMED = [
  'test/behaviour/semantics/waits.test.ts',
  'test/reactor/allocation.test.ts',
  'test/reactor/driver.load.test.ts',
  'test/reactor/driver.terminate.test.ts',
  'test/viewer/opening.test.ts',
];

// On the simulated kernel nothing is held to real time.
const isSimulated = process.env.EDGEWISE_KERNEL === 'sim';

const report = process.env.EDGEWISE_TEST_REPORT;

export default defineConfig({
  test: {
    // A crash in an addon kills a pool of threads; a fork reports it and the others go on.
    pool: 'forks',
    // A `--reporter` replaces these; with EDGEWISE_TEST_REPORT=FILE the results go there, too.
    reporters: ['default', new NameUnended(), ...(report === undefined ? [] : ['json'])],
    outputFile: { json: report ?? '' },
    setupFiles: isSimulated ? ['test/helpers/simulated-kernel.ts'] : [],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'timed',
          include: TIMED,
          maxWorkers: isSimulated ? '100%' : 1,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: 'side by side',
          // An `exclude` here would hide that of the command line.
          include: ['test/**/*.test.ts', ...TIMED.map((pattern) => `!${pattern}`)],
          maxWorkers: '100%',
          sequence: { groupOrder: 0 },
        },
      },
    ],
  },
});
