// Makes the pages of traces that the site shows live: each program of examples/seeing/ is run, and what
// it has recorded becomes a page, as `edgewise view` does it. The package must have been built.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pageOf } from '../dist/view/index.js';
import { PAGES, ROOT } from './sources.mjs';

const NAMES = ['lost-edge', 'spin', 'starved', 'recycled'];
const TARGET = join(PAGES, 'public', 'traces');
const folder = mkdtempSync(join(tmpdir(), 'edgewise-site-'));

function run(words, env = {}) {
  const options = { cwd: ROOT, encoding: 'utf8', env: { ...process.env, ...env } };
  const { status, stderr } = spawnSync(process.execPath, words, options);
  if (status !== 0) throw new Error(`${words.join(' ')} has failed:\n${stderr}`);
}

mkdirSync(TARGET, { recursive: true });
try {
  for (const name of NAMES) {
    const file = join(folder, `${name}.edgetrace`);
    run([join('scripts', 'example.mjs'), `seeing/${name}`], { EDGEWISE_TRACE: `${file},calls` });
    writeFileSync(join(TARGET, `${name}.html`), pageOf(readFileSync(file), `${name}.edgetrace`));
  }
} finally {
  rmSync(folder, { recursive: true });
}
console.log(`site/pages/public/traces: ${NAMES.join(', ')}`);
