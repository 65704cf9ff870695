// `npm run test:labs -- [LABS] [--runs N] [--load]`: holds the grader against starters, solutions and mutants.
import { spawn } from 'node:child_process';
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { labs } from 'edgewise-labs';
import { makeCourse } from './course.mjs';
import { gradeFolder } from './grade-folder.mjs';
import { judgeMutant, judgeSolution, judgeStarter } from './judge.mjs';
import { mutantsOf, prepare } from './prepare.mjs';
import { crossTable } from './table.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    runs: { type: 'string', default: '1' },
    load: { type: 'boolean', default: false },
    verbose: { type: 'boolean', default: false },
  },
});
const wanted = positionals[0]?.split(',').map(Number);
const chosen = labs.filter(({ number }) => wanted === undefined || wanted.includes(number));
const folder = await makeCourse(realpathSync(mkdtempSync(join(tmpdir(), 'edgewise-labs-'))));
const began = performance.now();
let passed = 0;
const errors = [];

/** Something to grade, and what has to come of it. */
function tasksOf(lab) {
  const starter = { lab, kind: 'starter', name: 'starter', judge: judgeStarter };
  const runs = Array.from({ length: Number(values.runs) }, (_, run) => {
    return {
      lab,
      kind: 'solution',
      name: `solution ${run + 1}`,
      seed: run + 1,
      judge: judgeSolution,
    };
  });
  const mutants = mutantsOf(lab).map((mutant) => {
    return { lab, kind: 'mutant', name: mutant.name, mutant, judge: judgeMutant };
  });
  return [starter, ...runs, ...mutants];
}

async function work(queue) {
  for (let task = queue.shift(); task !== undefined; task = queue.shift()) {
    const at = performance.now();
    const where = prepare(folder, task);
    task.result = await gradeFolder(
      task.lab.number,
      where,
      task.seed ?? 1,
      task.mutant?.shows !== undefined,
    );
    const found = task.result.error === undefined ? task.judge(task) : [task.result.error];
    const seconds = ((performance.now() - at) / 1000).toFixed(1);
    const title = `lab ${task.lab.number}, ${task.name} (${seconds} s)`;
    if (found.length === 0) passed++;
    console.log(`${found.length === 0 ? '✓' : '✗'} ${title}`);
    for (const error of found) {
      errors.push(`${title}: ${error}`);
      console.log(`    ${error}`);
    }
    if (values.verbose) console.log(JSON.stringify(task.result, null, 2));
  }
}

const load = values.load ? spawn(process.execPath, ['-e', 'for (;;);']) : undefined;
const tasks = chosen.flatMap(tasksOf);
const queue = [...tasks];
// One more than there are cores: a check waits for much of its time, and each of them is beside a load.
const workers = values.load ? 1 : Math.min(availableParallelism() + 1, 5);
await Promise.all(Array.from({ length: workers }, () => work(queue)));
load?.kill('SIGKILL');
for (const lab of chosen) {
  const { text, dead } = crossTable(lab, tasks);
  console.log(`\n${text}`);
  for (const id of dead) errors.push(`lab ${lab.number}: no mutant fails ${id}`);
}
rmSync(folder, { recursive: true, force: true });
const mutants = tasks.filter(({ kind }) => kind === 'mutant').length;
console.log(
  `\n${chosen.length} labs, ${mutants} mutants, ${((performance.now() - began) / 1000).toFixed(0)} s`,
);
for (const error of errors) console.log(`✗ ${error}`);
console.log(`${passed} passed, ${errors.length} failed`);
process.exitCode = errors.length === 0 ? 0 : 1;
