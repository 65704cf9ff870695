// docs/packaging.md, word by word: its files are written into an empty folder with the package and the
// bundlers in it, and its commands are run. A bundle must answer elsewhere too, without the package.
import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fetchPackage } from '../fetch.mjs';
import { hostName } from '../prebuilds.mjs';
import { install } from './consumer.mjs';
import { environment, execute, expect, folder, run } from './steps.mjs';

const PAGE = 'docs/packaging.md';
const BLOCK = /<!-- (file|run): (\S+) -->\n\n```\w+\n([\s\S]*?)```\n/g;
const TOOLS = ['esbuild', 'webpack', 'postject'];
const ANSWER = 'echoed: hello';

function blocks(kind) {
  const all = [...readFileSync(PAGE, 'utf8').matchAll(BLOCK)];
  const found = all.filter(([, own]) => own === kind).map(([, , name, text]) => [name, text]);
  expect(found.length > 0, `${PAGE} has no ${kind}`);
  return new Map(found);
}

/** A folder of a user with the page's files. The page is written for Linux on x64. */
async function prepare(tarball, name) {
  const user = await install(tarball, name);
  mkdirSync(join(user, 'node_modules', '.bin'), { recursive: true });
  for (const tool of TOOLS) {
    symlinkSync(resolve('node_modules', tool), join(user, 'node_modules', tool));
    if (tool === 'webpack') continue; // its command is in another package
    symlinkSync(resolve('node_modules', '.bin', tool), join(user, 'node_modules', '.bin', tool));
  }
  for (const [file, text] of blocks('file')) {
    writeFileSync(join(user, file), text.replaceAll('linux-x64', hostName()));
  }
  return user;
}

/** Runs a command of the page; `count`: how many programs of it answer. */
async function follow(user, name, count, env = environment()) {
  const commands = blocks('run').get(name);
  const output = await run('bash', ['-euc', commands], { cwd: user, env });
  const answers = output.split('\n').filter((line) => line === ANSWER);
  expect(answers.length === count, `${name}: ${answers.length} of ${count} answer\n${output}`);
}

/** Moves a bundle to where the package is not, with or without its addon. */
async function runElsewhere(user, name) {
  const elsewhere = join(folder, `${name}-elsewhere`);
  cpSync(join(user, name), elsewhere, { recursive: true });
  const addon = join(elsewhere, 'prebuilds', hostName(), 'edgewise.node');
  rmSync(join(user, 'node_modules', 'edgewise'), { recursive: true });
  for (const file of ['app.mjs', 'app.cjs']) {
    const from = { cwd: dirname(elsewhere) };
    const beside = await run(process.execPath, [join(elsewhere, file)], from);
    expect(beside.trim() === ANSWER, `${name}/${file} elsewhere: ${beside}`);
  }
  const named = join(folder, `${name}.node`);
  cpSync(addon, named);
  rmSync(join(elsewhere, 'prebuilds'), { recursive: true });
  for (const file of ['app.mjs', 'app.cjs']) {
    const path = join(elsewhere, file);
    const env = environment({ EDGEWISE_ADDON: named });
    const explicit = await run(process.execPath, [path], { cwd: elsewhere, env });
    expect(explicit.trim() === ANSWER, `${name}/${file} with EDGEWISE_ADDON: ${explicit}`);
    const { code, stderr } = await execute(process.execPath, [path], { cwd: elsewhere });
    const isClear = code === 1 && stderr.includes("code: 'ERR_ADDON_MISSING'");
    expect(isClear, `${name}/${file} without an addon: ${code}\n${stderr}`);
  }
}

/** A bundle of `esbuild` or `webpack`, as ESM and as CommonJS. */
export async function checkBundles(tarball, name) {
  const user = await prepare(tarball, name);
  await follow(user, name, 2);
  await runElsewhere(user, name);
}

/** An executable made with this Node, and with the next one that is supported. */
export async function checkExecutable(tarball) {
  if (process.platform !== 'linux') return 'not run: the commands are those of Linux';
  const user = await prepare(tarball, 'sea');
  const system = `${process.platform}-${process.arch}`;
  const next = process.versions.node.startsWith('22.') ? '24' : '22';
  const nodes = [dirname(process.execPath), join(fetchPackage(`node-${system}@${next}`), 'bin')];
  for (const node of nodes) {
    await follow(user, 'sea', 1, environment({ node }));
    const other = join(folder, 'sea-elsewhere');
    mkdirSync(other, { recursive: true });
    cpSync(join(user, 'sea', 'app'), join(other, 'app'));
    const output = await run(join(other, 'app'), [], { cwd: other });
    expect(output.trim() === ANSWER, `elsewhere: ${output}`);
    rmSync(join(user, 'sea'), { recursive: true });
  }
  return `Node ${process.versions.node.split('.')[0]}, ${next}`;
}
