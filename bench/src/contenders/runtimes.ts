// The other JavaScript runtimes, each with its own interfaces and with ours, from their packages in the
// npm registry.
import { join } from 'node:path';
import type { Contender, Located } from '../model.ts';
import { inRoot } from '../root.ts';
import { cacheFolder, fetchTool } from './cache.ts';
import { edgewiseOn } from './edgewise.ts';
import { contender, located, partsOf, versionOf } from './locate.ts';

const { platform, arch } = process;
const BUN = `@oven/bun-${platform}-${arch === 'arm64' ? 'aarch64' : arch}`;
const DENO = `@deno/${platform}-${arch}${platform === 'linux' ? '-glibc' : ''}`;

const hint = (spec: string) => `a network, for ${spec} of the npm registry; it is then kept`;
const parts = partsOf('tcp-echo', 'tcp-sink', 'udp-echo', 'http');

async function provideBun() {
  const bun = join(await fetchTool(BUN), 'bin', 'bun');
  return { bun, version: await versionOf(bun, '--version') };
}

async function provideDeno() {
  const deno = join(await fetchTool(DENO), 'deno');
  const [, version = ''] = (await versionOf(deno, '--version')).split(' ');
  const env = { DENO_DIR: join(await cacheFolder(), 'deno-dir'), DENO_NO_UPDATE_CHECK: '1' };
  return { deno, version, env };
}

async function findBun() {
  const { bun, version } = await provideBun();
  return located(version, bun, parts, { before: [inRoot('bench/peers/bun/servers.mjs')] });
}

async function findDeno() {
  const { deno, version, env } = await provideDeno();
  const script = inRoot('bench/peers/deno/servers.mjs');
  const before = ['run', '--quiet', '--no-config', '--allow-net', '--unstable-net', script];
  return located(version, deno, parts, { before, env });
}

async function findOursOnBun() {
  const { bun, version } = await provideBun();
  return edgewiseOn(bun, `Bun ${version}`);
}

async function findOursOnDeno() {
  const { deno, version, env } = await provideDeno();
  const before = ['run', '--quiet', '--no-config', '--allow-all'];
  return edgewiseOn(deno, `Deno ${version}`, { before, env });
}

function ours(name: string, label: string, spec: string, look: () => Promise<Located>): Contender {
  return { ...contender(name, label, 'edgewise', hint(spec), look), isOnDemand: true };
}

export const runtimeContenders: readonly Contender[] = [
  contender('bun', 'Bun', 'javascript', hint(BUN), findBun),
  contender('deno', 'Deno', 'javascript', hint(DENO), findDeno),
  ours('edgewise-bun', 'edgewise, Bun', BUN, findOursOnBun),
  ours('edgewise-deno', 'edgewise, Deno', DENO, findOursOnDeno),
];
