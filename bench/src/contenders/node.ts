// Node's own modules on this Node, and both them and ours on the other majors, which come from the
// npm registry; from Node 26 on also epoll through node:ffi.
import { join } from 'node:path';
import type { Contender } from '../model.ts';
import { inRoot } from '../root.ts';
import { fetchTool } from './cache.ts';
import { edgewiseOn } from './edgewise.ts';
import { contender, located, type Parts, settingOf, versionOf } from './locate.ts';
import { run } from './run.ts';

const OTHER_MAJORS = [22, 24, 26];
const FFI_MAJOR = 26;
const OWN_MAJOR = Number(process.versions.node.split('.')[0]);

const peer = (name: string) => inRoot(`bench/peers/${name}.mjs`);

const net: Parts = { 'tcp-echo': () => [peer('node-net-echo')] };
const modules: Parts = {
  ...net,
  'tcp-sink': () => [peer('node/sink')],
  'tcp-relay': (setting) => [peer('node-net-relay'), settingOf(setting, 'targetPort')],
  'udp-echo': () => [peer('node-dgram-echo')],
  file: (setting) => [peer('node-net-file'), settingOf(setting, 'file')],
  http: () => [peer('http-hello'), '--over', 'node'],
};

function own(name: string, label: string, parts: Parts): Contender {
  return contender(name, label, 'javascript', 'install Node.js', async () =>
    located(process.version, process.execPath, parts),
  );
}

const packageOf = (major: number) => `node-${process.platform}-${process.arch}@${major}`;

async function provide(major: number): Promise<string> {
  if (major === OWN_MAJOR) return process.execPath;
  return join(await fetchTool(packageOf(major)), 'bin', 'node');
}

function hint(major: number): string {
  return `a network, for ${packageOf(major)} of the npm registry; it is then kept`;
}

function other(major: number): Contender[] {
  const name = `node${major}`;
  return [
    contender(name, `node:net, Node ${major}`, 'javascript', hint(major), async () => {
      const node = await provide(major);
      return located(await versionOf(node, '--version'), node, net);
    }),
    contender(`edgewise-${name}`, `edgewise, Node ${major}`, 'edgewise', hint(major), async () => {
      const node = await provide(major);
      return edgewiseOn(node, `Node ${await versionOf(node, '--version')}`);
    }),
  ];
}

async function findFfi() {
  if (process.platform !== 'linux') throw new Error('epoll is a mechanism of Linux');
  const node = await provide(Math.max(FFI_MAJOR, OWN_MAJOR));
  const has = 'process.getBuiltinModule("node:ffi") === undefined ? "no" : "yes"';
  const answer = await run(node, ['--no-warnings', '--print', has], { timeoutMs: 20_000 });
  const version = await versionOf(node, '--version');
  if (answer.trim() !== 'yes') throw new Error(`Node ${version} was built without node:ffi`);
  const parts: Parts = { 'tcp-echo': () => ['--no-warnings', peer('node/ffi-epoll')] };
  return located(version, node, parts);
}

export const nodeContenders: readonly Contender[] = [
  own('node', 'Node.js', modules),
  own('node-onread', 'node:net onread', { 'tcp-echo': () => [peer('node/onread')] }),
  ...OTHER_MAJORS.filter((major) => major !== OWN_MAJOR).flatMap(other),
  contender('node-ffi', 'epoll by node:ffi', 'javascript', hint(FFI_MAJOR), findFfi),
];
