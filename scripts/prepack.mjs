// What npm, pnpm and yarn run before they pack or publish: a tarball without a binary that works is
// refused with one line. To pack, the binary of this machine is enough; the one that `npm run build`
// made will do, and on a fresh clone it is made first. To publish, all must be there, and none is
// built or replaced: a local build asks for the libc of its machine.
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import {
  BINARIES,
  flawOf,
  folderOf,
  GLIBC_MINOR,
  glibcMinor,
  hostName,
  makePrebuild,
  TARGETS,
} from './prebuilds.mjs';

const LOCAL = join('build', 'Release');
const ADDON = 'edgewise.node';
const host = hostName();

class Refusal extends Error {}

function modifiedMs(folder) {
  const path = join(folder, ADDON);
  return existsSync(path) ? statSync(path).mtimeMs : Number.NEGATIVE_INFINITY;
}

function assertWhole(folder, name) {
  const remedy = folder === LOCAL ? 'native' : `prebuilds ${name}`;
  for (const file of BINARIES) {
    const flaw = flawOf(join(folder, file), name);
    if (flaw === undefined) continue;
    throw new Refusal(`${join(folder, file)} ${flaw}: npm run build -- ${remedy}`);
  }
}

function assertLoads(folder) {
  const path = resolve(folder, ADDON);
  const program = 'require(process.argv[1])';
  const { status, stderr } = spawnSync(process.execPath, ['-e', program, path], {
    encoding: 'utf8',
  });
  if (status === 0) return;
  const [reason = 'it crashed'] = /^Error: .*/m.exec(stderr) ?? [];
  throw new Refusal(`${join(folder, ADDON)} cannot be loaded: ${reason}`);
}

/** Of the two binaries of this machine the one that was made last is packed. */
async function takeLocalBuild() {
  const localMs = modifiedMs(LOCAL);
  const packedMs = modifiedMs(folderOf(host));
  if (localMs <= packedMs && packedMs > Number.NEGATIVE_INFINITY) return;
  assertWhole(LOCAL, host);
  await makePrebuild(host, (folder) => {
    for (const file of BINARIES) copyFileSync(join(LOCAL, file), join(folder, file));
  });
}

/** A binary of `npm run build` runs where the C library is as new as the one here. */
function noteGlibc() {
  const minor = glibcMinor(BINARIES.map((file) => join(folderOf(host), file)));
  if (minor <= GLIBC_MINOR) return;
  console.error(
    `prepack: the binary for ${host} is a local build, for glibc 2.${minor} or newer; ` +
      `npm run build -- prebuilds makes those of all systems, for 2.${GLIBC_MINOR}`,
  );
}

/** A clone after `npm ci` has neither; what is there is never built again. */
function buildWhatIsMissing() {
  const isBuilt = existsSync('dist') && (existsSync(LOCAL) || existsSync(folderOf(host)));
  const { scripts } = existsSync('package.json') ? JSON.parse(readFileSync('package.json')) : {};
  if (isBuilt || scripts?.build === undefined) return;
  console.error('prepack: nothing is built yet: npm run build, which takes a minute');
  // What is printed there is not what was asked for: `npm pack --json`.
  const { status } = spawnSync('npm', ['run', '--silent', 'build'], { stdio: ['ignore', 2, 2] });
  if (status !== 0) throw new Refusal('npm run build has failed');
}

/** What is made of the sources beside what tsc makes, and of which one. */
const MADE = { 'src/view/page.ts': 'dist/view/page.html' };

/** tsc leaves what it made of sources that are no more. */
function assertBuilt() {
  for (const [source, made] of Object.entries(MADE)) {
    if (existsSync(source) && !existsSync(made)) throw new Refusal(`no ${made}: npm run build`);
  }
  const list = (folder, suffix) =>
    readdirSync(folder, { recursive: true })
      .filter((path) => path.endsWith(suffix) && statSync(join(folder, path)).size > 0)
      .map((path) => path.slice(0, -suffix.length));
  const sources = list('src', '.ts');
  for (const suffix of ['.js', '.d.ts']) {
    const made = existsSync('dist') ? list('dist', suffix) : [];
    const missing = sources.find((path) => !made.includes(path));
    const stale = made.find((path) => !sources.includes(path));
    if (missing !== undefined) throw new Refusal(`no dist/${missing}${suffix}: npm run build`);
    if (stale !== undefined) {
      throw new Refusal(`dist/${stale}${suffix} has no source: remove dist/ and npm run build`);
    }
  }
}

async function prepack(isPublished) {
  if (!isPublished) buildWhatIsMissing();
  assertBuilt();
  if (!isPublished) await takeLocalBuild();
  const present = existsSync('prebuilds') ? readdirSync('prebuilds') : [];
  const needed = isPublished ? Object.keys(TARGETS) : [host];
  for (const name of new Set([...needed, ...present])) assertWhole(folderOf(name), name);
  if (present.includes(host) || !isPublished) assertLoads(folderOf(host));
  if (!isPublished) noteGlibc();
}

try {
  await prepack(process.env.npm_command === 'publish');
} catch (error) {
  if (!(error instanceof Refusal)) throw error;
  console.error(`prepack: ${error.message}`);
  process.exit(1);
}
