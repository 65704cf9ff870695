// `npm run check [-- NAME]`: what a machine can say of the code without running it.
import { BUILD, dispatch, script } from './dispatch.mjs';

const tasks = {
  lint: {
    does: 'Biome; a warning is an error',
    takes: '2 s',
    commands: [['biome', 'check', '--error-on-warnings', '.']],
  },
  types: {
    does: 'TypeScript, over sources, viewer, labs, tests, examples, the benchmark suite and the declarations',
    takes: '20 s',
    commands: [
      BUILD,
      ['tsc', '-p', 'tsconfig.json'],
      ['tsc', '-p', 'viewer'],
      ['tsc', '-p', 'labs', '--noEmit'],
      ['tsc', '-p', 'tsconfig.declarations.json'],
      script('check-declarations.mjs'),
    ],
  },
  unused: {
    does: 'files, exports and dependencies that nothing uses (knip)',
    takes: '5 s',
    commands: [['knip']],
  },
  native: {
    does: 'clang-format, which must find nothing to do, and clang-tidy; --fix-format formats',
    takes: '2 min',
    commands: [['bash', 'scripts/lint-native.sh']],
  },
  kqueue: {
    does: 'compiles the core against macOS, FreeBSD, NetBSD and OpenBSD headers',
    takes: '1 min',
    commands: [script('check-kqueue.mjs')],
  },
  package: {
    does: 'packs; installs with npm, pnpm and yarn; uses, compiles against and bundles the package; the README',
    takes: '4 min',
    commands: [BUILD, script('check-package.mjs')],
  },
};

await dispatch('check', tasks, ['lint', 'types', 'unused']);
