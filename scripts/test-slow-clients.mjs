// `npm run test:long -- slow-clients`: the scenario `slow-clients` of the benchmark suite, with a
// verdict. Exit code 1 when the 99th percentile of one client's latencies, beside 5,000 slow clients,
// is at least twice as large as without them (the median of the rounds' ratios). Everything runs on
// the cores of this machine: while it does other work, the result says nothing.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { launch } from './launch.mjs';

const RATIO_MAX = 2;
const CONTENDER = 'edgewise-handlers';

const folder = mkdtempSync(join(tmpdir(), 'edgewise-slow-clients-'));
try {
  const json = join(folder, 'results.json');
  const start = fileURLToPath(new URL('../bench/start.mjs', import.meta.url));
  const code = await launch(process.execPath, [
    start,
    'slow-clients',
    '--contenders',
    CONTENDER,
    '--json',
    json,
    '--html',
    join(folder, 'report.html'),
    ...process.argv.slice(2),
  ]);
  if (code === 0) {
    const { cases } = JSON.parse(readFileSync(json, 'utf8'));
    const ratios = cases[0].measurements[0].rounds.map(({ values }) => values.p99Ratio);
    const median = ratios.sort((a, b) => a - b)[Math.floor(ratios.length / 2)];
    const isGood = median < RATIO_MAX;
    console.log(`p99 beside slow clients: x ${median.toFixed(2)}, below ${RATIO_MAX}: ${isGood}`);
    process.exitCode = isGood ? 0 : 1;
  } else {
    process.exitCode = code;
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
