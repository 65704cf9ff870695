// Ours, at each interface: the command line's own servers (src/cli/), as they are published.
import { readFileSync } from 'node:fs';
import type { Contender, Setting } from '../model.ts';
import { inRoot } from '../root.ts';
import { built, contender, located, type Parts, settingOf } from './locate.ts';

const INSTALL = 'npm run build';

const peer = (name: string) => inRoot(`bench/peers/${name}.mjs`);

function echo(...more: readonly string[]): Parts {
  return { 'tcp-echo': () => [built('dist/cli/main.js'), 'echo', '--port', '0', ...more] };
}

/** What the reactor and its handlers can be besides a TCP echo server. */
function others(trigger: string): Parts {
  const ours = (...args: readonly string[]) => [
    built('dist/cli/main.js'),
    ...args,
    ...['--port', '0', '--trigger', trigger],
  ];
  return {
    'udp-echo': () => ours('udp-echo'),
    'tcp-relay': (setting) => ours('relay', '--target', targetOf(setting)),
    'tcp-sink': () => [peer('edgewise/sink'), trigger],
    file: (setting) => [inRoot('bench/file-server.mjs'), settingOf(setting, 'file'), trigger],
  };
}

const targetOf = (setting: Setting) => `127.0.0.1:${settingOf(setting, 'targetPort')}`;

const udpSink: Parts = {
  'udp-sink': ({ offload }) => [
    peer('udp-bulk'),
    'receive',
    ...(offload === 'on' ? ['offload'] : []),
  ],
};

const http: Parts = { http: () => [peer('http-hello'), '--over', 'edgewise'] };

function version(): string {
  return JSON.parse(readFileSync(inRoot('package.json'), 'utf8')).version;
}

function ours(name: string, label: string, parts: Parts): Contender {
  return contender(name, label, 'edgewise', INSTALL, async () => {
    built('dist/cli/main.js');
    return located(version(), process.execPath, parts);
  });
}

const level = ['--api', 'reactor', '--trigger', 'level'];
const edge = ['--api', 'reactor', '--trigger', 'edge'];

function api(name: string, parts: Parts = {}): Contender {
  return ours(`edgewise-${name}`, `edgewise ${name}`, { ...echo('--api', name), ...parts });
}

function multi(name: string, strategy: string): Contender {
  const parts: Parts = {
    'tcp-echo': (setting) => [
      ...[built('dist/cli/main.js'), 'echo', '--port', '0', '--api', 'handlers'],
      ...['--strategy', strategy, '--reactors', String(setting.reactors ?? 2)],
    ],
  };
  return ours(name, `edgewise multi, ${strategy}`, parts);
}

/** Ours on another Node: the same files, the same addon. */
export function edgewiseOn(node: string, nodeVersion: string) {
  built('dist/cli/main.js');
  return located(`${version()} on Node ${nodeVersion}`, node, echo(...level));
}

export const edgewiseContenders: readonly Contender[] = [
  ours('edgewise', 'edgewise reactor', { ...echo(...level), ...others('level'), ...udpSink }),
  ours('edgewise-edge', 'edgewise reactor, edge', { ...echo(...edge), ...others('edge') }),
  api('handlers'),
  api('promises'),
  api('stream', http),
  api('net'),
  api('proactor'),
  multi('edgewise-multi', 'acceptor'),
  multi('edgewise-multi-reuseport', 'reusePort'),
  multi('edgewise-multi-exclusive', 'exclusive'),
];
