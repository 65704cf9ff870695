// Ours, at each interface: the command line's own servers (src/cli/), as they are published.
import { readFileSync } from 'node:fs';
import type { Contender } from '../model.ts';
import { inRoot } from '../root.ts';
import { built, contender, located, type Parts, settingOf } from './locate.ts';

const INSTALL = 'npm run build';

const peer = (name: string) => inRoot(`bench/peers/${name}.mjs`);

function echo(...more: readonly string[]): Parts {
  return { 'tcp-echo': () => [built('dist/cli/main.js'), 'echo', '--port', '0', ...more] };
}

/** Ours as a server that is no TCP echo: the command line's. */
function served(command: string, trigger: string, ...more: readonly string[]): readonly string[] {
  const main = built('dist/cli/main.js');
  return [main, command, '--port', '0', '--trigger', trigger, ...more];
}

function sink(kind: 'reactor' | 'handlers', trigger: string): Parts {
  return { 'tcp-sink': () => [peer(`edgewise/${kind}-sink`), trigger] };
}

const udpSink: Parts = {
  'udp-sink': ({ offload }) => [
    peer('udp-bulk'),
    'receive',
    ...(offload === 'on' ? ['offload'] : []),
  ],
};

/** What the net layer has beside connections: each under a name of its own, for either trigger. */
const layers: Readonly<Record<string, (trigger: string) => Parts>> = {
  datagrams: (trigger) => ({
    'udp-echo': () => served('udp-echo', trigger),
    ...(trigger === 'level' && udpSink),
  }),
  relay: (trigger) => ({
    'tcp-relay': (setting) =>
      served('relay', trigger, '--target', `127.0.0.1:${settingOf(setting, 'targetPort')}`),
  }),
  sendFile: (trigger) => ({
    file: (setting) => [peer('edgewise/file-server'), settingOf(setting, 'file'), trigger],
  }),
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
/** About as long as the time between two messages at 20,000 per second. */
const BUSY_POLL_US = '50';
const edge = ['--api', 'reactor', '--trigger', 'edge'];

function api(name: string, parts: Parts = {}): Contender {
  return ours(`edgewise-${name}`, `edgewise ${name}`, { ...echo('--api', name), ...parts });
}

function multi(name: string, strategy: string): Contender {
  const parts: Parts = {
    'tcp-echo': (setting) => [
      built('dist/cli/main.js'),
      'echo',
      '--port',
      '0',
      '--api',
      'handlers',
      '--strategy',
      strategy,
      '--reactors',
      String(setting.reactors ?? 2),
    ],
  };
  return ours(name, `edgewise multi, ${strategy}`, parts);
}

/** Ours on another host: the same files, the same addon. `options` are those of `located`. */
export function edgewiseOn(file: string, host: string, options?: Parameters<typeof located>[3]) {
  built('dist/cli/main.js');
  return located(`${version()} on ${host}`, file, echo(...level), options);
}

function layer([name, partsOf]: readonly [string, (trigger: string) => Parts]): Contender[] {
  const full = `edgewise-${name.toLowerCase()}`;
  return [
    ours(full, `edgewise ${name}`, partsOf('level')),
    ours(`${full}-edge`, `edgewise ${name}, edge`, partsOf('edge')),
  ];
}

/** The programs of docs/echo.md, as they are there. */
const EXAMPLES = {
  'example-sys': 'echo/sys',
  'example-poller': 'echo/poller',
  'example-reactor': 'echo',
  'example-handlers': 'echo/handlers',
  'example-promises': 'echo/promises',
  'example-net': 'echo/net',
} as const;

function example([name, file]: readonly [string, string]): Contender {
  const parts: Parts = { 'tcp-echo': () => [inRoot('scripts/example.mjs'), file, '0'] };
  return { ...ours(name, `docs/echo.md, ${file}`, parts), isOnDemand: true };
}

export const edgewiseContenders: readonly Contender[] = [
  ours('edgewise', 'edgewise reactor', { ...echo(...level), ...sink('reactor', 'level') }),
  ours('edgewise-edge', 'edgewise reactor, edge', { ...echo(...edge), ...sink('reactor', 'edge') }),
  {
    ...ours('edgewise-busy', 'edgewise reactor, busy-polling', echo('--busy-poll', BUSY_POLL_US)),
    isOnDemand: true,
  },
  api('handlers', sink('handlers', 'level')),
  api('batch'),
  api('promises'),
  api('stream', http),
  api('net'),
  api('proactor'),
  ...Object.entries(layers).flatMap(layer),
  multi('edgewise-multi', 'acceptor'),
  multi('edgewise-multi-reuseport', 'reusePort'),
  multi('edgewise-multi-exclusive', 'exclusive'),
  ...Object.entries(EXAMPLES).map(example),
];
