// The programs in other languages. Each is compiled when it is first asked for; a compiler or a
// library that is not there makes it missing.
import { existsSync, readdirSync } from 'node:fs';
import { join, parse } from 'node:path';
import type { Contender, Located, Setting } from '../model.ts';
import { cacheFolder, compile } from './cache.ts';
import { contender, located, type Parts, partsOf, settingOf, versionOf } from './locate.ts';

const CRATES = '/usr/share/cargo/registry'; // where Debian's librust-*-dev packages put them
const SLOW_COMPILE_MS_MAX = 300_000;

const c = (compiler: 'cc' | 'c++', source: string, ...flags: readonly string[]) => ({
  compiler,
  source,
  flags,
});
type Source = ReturnType<typeof c>;

/** Compiles one file of C or C++ of bench/peers/ to a program. */
async function compileFile({ compiler, source, flags }: Source): Promise<string> {
  const { dir, base, name } = parse(source);
  return compile({
    name: `${dir || 'c'}-${name}`,
    folder: join('bench/peers', dir),
    sources: [base],
    madeBy: await versionOf(compiler, '--version'),
    file: compiler,
    args: ['-O2', '-o', 'program', base, ...flags],
    product: 'program',
  });
}

const PLAIN = {
  'tcp-echo': 'epoll_echo.c',
  'tcp-sink': 'epoll_echo.c',
  'tcp-relay': 'splice_relay.c',
  'udp-echo': 'udp_echo.c',
  'udp-sink': 'udp_bulk.c',
  file: 'sendfile_server.c',
} as const;

/** Plain C has a program for each role. All are compiled at once: it takes a second. */
async function findPlain(trigger: 'level' | 'edge', roles: readonly (keyof typeof PLAIN)[]) {
  const [compiler = ''] = (await versionOf('cc', '--version')).split(' (');
  const number = await versionOf('cc', '-dumpfullversion', '-dumpversion');
  const programs = new Map<string, string>();
  for (const role of roles) programs.set(role, await compileFile(c('cc', PLAIN[role])));
  const argsOf: Record<keyof typeof PLAIN, (setting: Setting) => string[]> = {
    'tcp-echo': () => ['--trigger', trigger],
    'tcp-sink': () => ['--trigger', trigger, '--mode', 'sink'],
    'tcp-relay': (setting) => [settingOf(setting, 'targetPort')],
    'udp-echo': () => [],
    'udp-sink': ({ offload }) => ['receive', ...(offload === 'on' ? ['offload'] : [])],
    file: (setting) => [settingOf(setting, 'file')],
  };
  const command: Located['command'] = (role, setting) => {
    const file = programs.get(role);
    if (file === undefined) return undefined;
    return { file, args: argsOf[role as keyof typeof PLAIN](setting) };
  };
  return { version: `${compiler} ${number}`, command };
}

/** One program of C or C++ for all the roles; it knows its library's version. */
async function findLibrary(source: Source, parts: Parts): Promise<Located> {
  const program = await compileFile(source);
  return located(await versionOf(program, '--version'), program, parts);
}

/** Debian's crates stand in for the registry, so that no network is needed. */
async function findTokio(): Promise<Located> {
  const cargo = await versionOf('cargo', '--version');
  const crate = existsSync(CRATES) && readdirSync(CRATES).find((name) => /^tokio-\d/.test(name));
  if (!crate) throw new Error(`no crate of Tokio in ${CRATES}`);
  const sources = ['crates-io.replace-with="debian"', `debian.directory="${CRATES}"`];
  const program = await compile({
    name: 'tokio',
    folder: 'bench/peers/tokio',
    sources: ['Cargo.toml', 'src/main.rs'],
    madeBy: `${cargo}, ${crate}`,
    file: 'cargo',
    product: 'target/release/program',
    args: [
      'build',
      '--release',
      '--offline',
      '--quiet',
      '--target-dir',
      'target',
      ...sources.flatMap((source) => ['--config', `source.${source}`]),
    ],
    timeoutMs: SLOW_COMPILE_MS_MAX,
  });
  return located(
    crate.slice('tokio-'.length),
    program,
    partsOf('tcp-echo', 'tcp-sink', 'udp-echo'),
  );
}

async function findGo(): Promise<Located> {
  const version = await versionOf('go', 'version');
  const program = await compile({
    name: 'go',
    folder: 'bench/peers/go',
    sources: ['main.go'],
    madeBy: version,
    file: 'go',
    args: ['build', '-o', 'program', 'main.go'],
    product: 'program',
    // Its own library only: no modules, no newer toolchain from the network.
    env: { GO111MODULE: 'off', GOTOOLCHAIN: 'local', GOCACHE: join(await cacheFolder(), 'go') },
    timeoutMs: SLOW_COMPILE_MS_MAX,
  });
  const roles = partsOf('tcp-echo', 'tcp-sink', 'udp-echo', 'http');
  const [number = version] = /\d+\.[\d.]+/.exec(version) ?? [];
  // One thread runs Go code, as one does in every other contender.
  return located(number, program, roles, { env: { GOMAXPROCS: '1' } });
}

const apt = (...packages: readonly string[]) => `apt-get install ${packages.join(' ')}`;
const tcpAndUdp = partsOf('tcp-echo', 'tcp-sink', 'udp-echo');

export const nativeContenders: readonly Contender[] = [
  contender('c', 'C epoll', 'native', apt('gcc', 'libc6-dev'), () =>
    findPlain('level', ['tcp-echo', 'tcp-sink', 'tcp-relay', 'udp-echo', 'udp-sink', 'file']),
  ),
  contender('c-edge', 'C epoll, edge', 'native', apt('gcc', 'libc6-dev'), () =>
    findPlain('edge', ['tcp-echo', 'tcp-sink']),
  ),
  contender('libuv', 'C libuv', 'native', apt('gcc', 'libuv1-dev'), () =>
    findLibrary(c('cc', 'libuv/echo.c', '-luv'), tcpAndUdp),
  ),
  contender('asio', 'C++ Asio', 'native', apt('g++', 'libasio-dev'), () =>
    findLibrary(c('c++', 'asio/echo.cc', '-std=c++17', '-DASIO_STANDALONE', '-pthread'), tcpAndUdp),
  ),
  contender('libevent', 'C libevent', 'native', apt('gcc', 'libevent-dev'), () =>
    findLibrary(c('cc', 'libevent/echo.c', '-levent_core'), tcpAndUdp),
  ),
  contender('tokio', 'Rust Tokio', 'native', apt('cargo', 'librust-tokio-dev'), findTokio),
  contender('go', 'Go net', 'native', apt('golang-go'), findGo),
];
