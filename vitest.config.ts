import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    // A crash in an addon kills a pool of threads; a fork reports it and the others go on.
    pool: 'forks',
    include: ['test/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
