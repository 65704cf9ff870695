// `npm run build -- guide`: writes the programs of examples/guide/ into the pages of docs/guide/. At the comment
// `<!-- change: FILE [N] -->` the next N differences to the step before, one unless a number is given;
// at `<!-- file: PATH -->` the whole file. Ends with 1 when a page has not as many places as there are differences.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const PROGRAMS = 'examples/guide/';
const PAGES = 'docs/guide/';
const FENCE = '\\n\\n```(?:ts|diff)\\n[\\s\\S]*?```\\n';
const read = (path) => readFileSync(root + path, 'utf8');

/** The differences of two files, without their line numbers. */
function differences(before, after) {
  const flags = ['diff', '--no-index', '--no-color', '--patience', '-U2', '--inter-hunk-context=0'];
  const { stdout } = spawnSync('git', [...flags, before, after], { cwd: root, encoding: 'utf8' });
  return stdout.split(/^@@ .*\n/m).slice(1);
}

/** The differences that are left for each file of a page. */
function differencesOf(step, before, page) {
  const left = new Map();
  for (const [, name, from = name] of page.matchAll(
    /<!-- change: (\S+)(?: from (\S+))?(?: \d+)? -->/g,
  )) {
    const earlier = `${PROGRAMS}${before}/${from}`;
    const path = `${PROGRAMS}${step}/${name}`;
    if (!left.has(name))
      left.set(name, existsSync(root + earlier) ? differences(earlier, path) : [read(path)]);
  }
  return left;
}

/** The page with the whole files as they are. */
function withFiles(page) {
  const file = new RegExp(`<!-- file: (\\S+) -->${FENCE}`, 'g');
  return page.replace(file, (_, of) => `<!-- file: ${of} -->\n\n\`\`\`ts\n${read(of)}\`\`\`\n`);
}

function fill(step, before) {
  const path = `${PAGES}${step}.md`;
  const page = read(path);
  const left = differencesOf(step, before, page);
  const change = new RegExp(`<!-- change: ((\\S+)(?: from \\S+)?)( \\d+)? -->${FENCE}`, 'g');
  const filled = page.replace(change, (_, of, name, count) => {
    const hunks = left.get(name).splice(0, Number(count ?? 1));
    const kind = /^[ +-]/.test(hunks[0] ?? '') ? 'diff' : 'ts';
    return `<!-- change: ${of}${count ?? ''} -->\n\n\`\`\`${kind}\n${hunks.join('@@\n')}\`\`\`\n`;
  });
  writeFileSync(root + path, withFiles(filled));
  const unplaced = [...left].filter(([, hunks]) => hunks.length > 0);
  for (const [name, hunks] of unplaced)
    console.error(`${path}: ${name} has more:\n${hunks.join('@@\n')}`);
  return unplaced.length === 0;
}

const steps = readdirSync(root + PROGRAMS)
  .filter((name) => /^\d\d-/.test(name))
  .sort();
const results = steps
  .filter((step) => existsSync(`${root}${PAGES}${step}.md`))
  .map((step) => fill(step, steps[steps.indexOf(step) - 1]));
for (const name of readdirSync(`${root}${PAGES}how-to`)) {
  const path = `${PAGES}how-to/${name}`;
  writeFileSync(root + path, withFiles(read(path)));
}
if (results.includes(false)) process.exitCode = 1;
