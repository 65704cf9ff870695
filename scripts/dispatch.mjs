// One npm script with several tasks: `npm run check -- lint`. A task is a row of a table: what it does,
// how long it takes (two CPUs), and its commands, of which the last one gets the further arguments.
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { launch } from './launch.mjs';
import { unknown } from './nearest.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const PATH = [join(root, 'node_modules/.bin'), process.env.PATH].join(delimiter);

/** The command of a script of this folder. */
export function script(name, ...args) {
  return [process.execPath, join(root, 'scripts', name), ...args];
}

/** The command that builds the addon and dist/. */
export const BUILD = script('build.mjs');

function list(name, tasks, usual) {
  const width = Math.max(...Object.keys(tasks).map((task) => task.length));
  const lines = Object.entries(tasks).map(
    ([task, { does, takes }]) => `${task.padEnd(width)}  ${does} (${takes})`,
  );
  const without = usual.length === 0 ? [] : [`Without a name: ${usual.join(', ')}.`];
  return [`npm run ${name} -- NAME [arguments]`, ...without, '', ...lines].join('\n');
}

/**
 * Runs the task that the command line names, or the usual ones one after the other; the exit code of
 * this process is that of the first command that fails, and 2 for a name that is unknown or missing.
 *
 * @param {string} name - of the npm script.
 * @param {Record<string, { does: string, takes: string, commands: string[][] }>} tasks
 * @param {string[]} usual - tasks to run when none is named; none: one must be named.
 */
export async function dispatch(name, tasks, usual = []) {
  const [task, ...rest] = process.argv.slice(2);
  if (['--list', '--help', '-h'].includes(task)) {
    console.log(list(name, tasks, usual));
    return;
  }
  const isMissing = task === undefined && usual.length === 0;
  if (isMissing || (task !== undefined && !Object.hasOwn(tasks, task))) {
    const names = Object.keys(tasks);
    const what = isMissing
      ? `a name is missing; there are ${names.join(', ')}`
      : unknown('name', task, names);
    console.error(`${name}: ${what}`);
    process.exitCode = 2;
    return;
  }
  for (const chosen of task === undefined ? usual : [task]) {
    const { commands } = tasks[chosen];
    for (const [at, [file, ...args]] of commands.entries()) {
      const words = at === commands.length - 1 ? [...args, ...rest] : args;
      const code = await launch(file, words, { cwd: root, env: { ...process.env, PATH } });
      if (code === 0) continue;
      process.exitCode = code;
      return;
    }
  }
}
