// The other JavaScript runtimes, each with its own interfaces, from their packages in the npm
// registry.
import { join } from 'node:path';
import type { Contender } from '../model.ts';
import { inRoot } from '../root.ts';
import { cacheFolder, fetchTool } from './cache.ts';
import { contender, located, partsOf, versionOf } from './locate.ts';

const { platform, arch } = process;
const BUN = `@oven/bun-${platform}-${arch === 'arm64' ? 'aarch64' : arch}`;
const DENO = `@deno/${platform}-${arch}${platform === 'linux' ? '-glibc' : ''}`;

const hint = (spec: string) => `a network, for ${spec} of the npm registry; it is then kept`;
const parts = partsOf('tcp-echo', 'tcp-sink', 'udp-echo', 'http');

async function findBun() {
  const bun = join(await fetchTool(BUN), 'bin', 'bun');
  const before = [inRoot('bench/peers/bun/servers.mjs')];
  return located(await versionOf(bun, '--version'), bun, parts, { before });
}

async function findDeno() {
  const deno = join(await fetchTool(DENO), 'deno');
  const [, version = ''] = (await versionOf(deno, '--version')).split(' ');
  const script = inRoot('bench/peers/deno/servers.mjs');
  const before = ['run', '--quiet', '--no-config', '--allow-net', '--unstable-net', script];
  const env = { DENO_DIR: join(await cacheFolder(), 'deno-dir'), DENO_NO_UPDATE_CHECK: '1' };
  return located(version, deno, parts, { before, env });
}

export const runtimeContenders: readonly Contender[] = [
  contender('bun', 'Bun', 'javascript', hint(BUN), findBun),
  contender('deno', 'Deno', 'javascript', hint(DENO), findDeno),
];
