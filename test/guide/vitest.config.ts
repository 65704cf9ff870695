// The longer tests of the guide: `npm run test:guide`.
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    pool: 'forks',
    include: ['*.guide.ts', '*.test.ts'],
    testTimeout: 180_000,
    hookTimeout: 180_000,
  },
});
