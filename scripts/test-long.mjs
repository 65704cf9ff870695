// `npm run test:long -- NAME`: tests that `npm test` does not run, because they take long or need more
// than Node.
import { BUILD, dispatch, script } from './dispatch.mjs';

const tasks = {
  bench: {
    does: 'the tests of the benchmark suite; arguments are those of vitest',
    takes: '4 min',
    commands: [BUILD, ['tsc', '-p', 'bench'], ['vitest', 'run', '--root', 'bench']],
  },
  native: {
    does: 'the portable core without Node: plain, under ASan with UBSan, under TSan',
    takes: '3 min',
    commands: [script('test-native.mjs')],
  },
  fuzz: {
    does: 'calls with random arguments on the addon under ASan and UBSan; [SEED] [CALLS]',
    takes: '3 min',
    commands: [script('fuzz-asan.mjs')],
  },
  faults: {
    does: 'the tests of the net layer with transfers of one byte, and with interrupted calls',
    takes: '6 min',
    commands: [BUILD, script('test-faults.mjs')],
  },
  random: {
    does: "the tests that take a seed, with new seeds (the suite's own never change); [MINUTES]",
    takes: '10 min',
    commands: [BUILD, script('test-random.mjs')],
  },
  simulated: {
    does: 'our own suites over the simulated kernel, and its own proofs with many scripts; [suites|proofs]',
    takes: '6 min',
    commands: [BUILD, script('test-simulated.mjs')],
  },
  restart: {
    does: 'hands a server over to its successor under load; [COUNT]',
    takes: '1 min',
    commands: [BUILD, script('test-restart.mjs')],
  },
  'self-connect': {
    does: '200,000 connects to a closed port; [COUNT]',
    takes: '1 min',
    commands: [BUILD, script('test-self-connect.mjs')],
  },
  kills: {
    does: 'a sub-reactor killed every second, 30 times for each strategy',
    takes: '2 min',
    commands: [BUILD, [process.execPath, 'test/multi/workers/kills.mjs']],
  },
  ends: {
    does: '200 threads that open everything and end in every way: no descriptor is left',
    takes: '1 min',
    commands: [BUILD, [process.execPath, 'test/workers/ends.mjs', '200', '4']],
  },
  'slow-clients': {
    does: 'one client beside 5,000 slow ones: its tail of latencies at most doubles',
    takes: '2 min',
    commands: [script('test-slow-clients.mjs')],
  },
  nodes: {
    does: 'the test suite on Node 20, 22, 24 and 26 with one build; [VERSIONS]',
    takes: '10 min',
    commands: [BUILD, script('test-nodes.mjs')],
  },
  hosts: {
    does: 'the tests of sys, poller, reactor, net and promises under Bun and Deno; [bun|deno] [SUITE ...]',
    takes: '3 min',
    commands: [BUILD, script('test-hosts.mjs')],
  },
  prebuilds: {
    does: 'loads the published binaries that can run here, in each runtime; prints a table',
    takes: '1 min',
    commands: [script('test-prebuilds.mjs')],
  },
  serve: {
    does: 'the tests of examples/serve, after installing its libraries there',
    takes: '2 min',
    commands: [
      ['npm', 'ci', '--prefix', 'examples/serve', '--no-audit', '--no-fund'],
      ['tsc', '-p', 'examples/serve'],
      ['vitest', 'run', '--root', 'examples/serve', '--test-timeout=60000'],
    ],
  },
  cluster: {
    does: 'the chat of examples/cluster on NATS and on Redis, while servers are killed; [nats|redis]',
    takes: '1 min',
    commands: [BUILD, [process.execPath, 'test/cluster/main.mjs']],
  },
  site: {
    does: 'builds the site and looks at every page in Chromium; arguments are those of vitest',
    takes: '3 min',
    commands: [script('site.mjs'), ['vitest', 'run', '--config', 'test/site/vitest.config.ts']],
  },
  clients: {
    does: 'curl, wrk, ab and nc against serve, echo and relay; libraries against servers; [--megabytes N]',
    takes: '2 min',
    commands: [BUILD, script('real-clients.mjs')],
  },
};

await dispatch('test:long', tasks);
