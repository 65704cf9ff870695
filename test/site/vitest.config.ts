// The tests of the site, which `npm test` does not run: they need what `npm run site` has built, and Chromium.
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    pool: 'forks',
    include: ['test/site/**/*.test.ts'],
    fileParallelism: false, // one browser at a time, with as many pages as there are CPUs
    testTimeout: 60_000,
    hookTimeout: 900_000,
  },
});
