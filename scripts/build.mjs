// `npm run build [-- NAME]`: everything that is made from the sources.
import { dispatch, script } from './dispatch.mjs';

const tasks = {
  native: {
    does: 'the addon, the load generator and the C peer, by node-gyp into build/',
    takes: '1 min, then seconds',
    commands: [script('build-native.mjs')],
  },
  ts: {
    does: 'dist/, from src/',
    takes: '10 s',
    commands: [['tsc', '-p', 'tsconfig.build.json']],
  },
  viewer: {
    does: 'dist/view/page.html, the page of a trace, from viewer/',
    takes: '1 s',
    commands: [script('build-viewer.mjs')],
  },
  pictures: {
    does: 'docs/pictures/, the page with traces of examples/seeing/; needs Chromium',
    takes: '1 min',
    commands: [script('pictures.mjs')],
  },
  guide: {
    does: 'docs/guide/, the programs of examples/guide/ in its pages, and its diagrams',
    takes: '1 s',
    commands: [script('guide.mjs'), script('diagrams.mjs')],
  },
  labs: {
    does: 'labs/dist/, the labs, their grader and the starters in JavaScript, from labs/',
    takes: '10 s',
    commands: [['tsc', '-p', 'labs'], script('build-labs.mjs')],
  },
  cmake: {
    does: 'the addon by cmake-js, into build-cmake/',
    takes: '1 min',
    commands: [script('build-cmake.mjs')],
  },
  prebuilds: {
    does: 'the published binaries, cross-built into prebuilds/: all, or those named with commas',
    takes: '10 min the first time',
    commands: [script('prebuild.mjs')],
  },
};

await dispatch('build', tasks, ['native', 'ts', 'viewer', 'labs']);
