// Grades a folder in a process of its own, as `edgewise lab check` would: a fault of the grader is one result.
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { isMainThread } from 'node:worker_threads';

const SELF = fileURLToPath(import.meta.url);
const MARK = 'graded ';

/** The result, or `{ error }`. */
export async function gradeFolder(number, folder, seed, keepsTraces = false) {
  const words = [number, folder, seed, keepsTraces].map(String);
  const child = spawn(process.execPath, [SELF, ...words], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let errors = '';
  child.stdout.setEncoding('utf8').on('data', (text) => (output += text));
  child.stderr.setEncoding('utf8').on('data', (text) => (errors += text));
  const code = await new Promise((resolve) => child.on('close', resolve));
  const line = output.split('\n').find((each) => each.startsWith(MARK));
  if (line === undefined)
    return { error: `the grader has ended with ${code}: ${errors.trim()}`, checks: [] };
  return JSON.parse(line.slice(MARK.length));
}

if (isMainThread && process.argv[1] === SELF) {
  const [number, folder, seed, keeps] = process.argv.slice(2);
  // The one of the course that the folder is in.
  const installed = createRequire(join(folder, 'package.json')).resolve('edgewise-labs');
  const { grade, labs } = await import(pathToFileURL(installed).href);
  const lab = labs.find((each) => each.number === Number(number));
  const keepsTraces = keeps === 'true';
  const result = await grade(lab, { folder, seed: Number(seed), keepsTraces });
  console.log(`\n${MARK}${JSON.stringify(result)}`);
  process.exit();
}
