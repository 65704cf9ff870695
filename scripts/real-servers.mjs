// Clients of databases and brokers over our sockets, against real servers: MariaDB, RabbitMQ, NATS, Redis and
// PostgreSQL. Each server is started on a free port with a folder of its own, and is ended with all its
// processes, also when something fails. Each program of test/register/workers/ runs twice, over node:net and
// with `--import edgewise/net/register`: what it returns has to be the same, and the second time no socket of
// Node's own may have been used. Part of `npm run test:long -- clients`.
import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual, promisify } from 'node:util';

const HOST = '127.0.0.1';
const START_MS_MAX = 120_000;
const STOP_MS_MAX = 10_000;
const PROGRAM_MS_MAX = 120_000;
const root = new URL('..', import.meta.url);
const certificates = (name) => new URL(`test/interop/${name}.pem`, root).pathname;
const postgres = '/usr/lib/postgresql';

/** Where programs are that are not on the PATH of everyone. */
const FOLDERS = [
  ...(process.env.PATH ?? '').split(':'),
  '/usr/sbin',
  '/usr/local/sbin',
  '/usr/local/bin',
  '/usr/lib/rabbitmq/bin',
  ...(existsSync(postgres) ? readdirSync(postgres).map((each) => join(postgres, each, 'bin')) : []),
];

/** By the package of Debian that has it. */
const PROGRAMS = {
  'mariadb-server': ['mariadbd', 'mariadb-install-db'],
  'rabbitmq-server': ['/usr/lib/rabbitmq/bin/rabbitmq-server', 'epmd'],
  'nats-server': ['nats-server'],
  'redis-server': ['redis-server'],
  postgresql: ['initdb', 'postgres'],
};

function find(program) {
  const paths = program.startsWith('/') ? [program] : FOLDERS.map((each) => join(each, program));
  return paths.find((path) => existsSync(path));
}

/** Packages of Debian that are not installed here. */
export function missingServers() {
  const isMissing = ([, programs]) => programs.some((program) => find(program) === undefined);
  return Object.entries(PROGRAMS)
    .filter(isMissing)
    .map(([name]) => name);
}

async function freePort() {
  const server = createServer().listen(0, HOST);
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

// Servers refuse to run as root: then they run as the user that their package has made.
function userOf(name) {
  if (process.getuid() !== 0) return {};
  const id = (option) => Number(execFileSync('id', [option, name]));
  return { uid: id('-u'), gid: id('-g') };
}

/** A server, with all the processes that it starts: they are a group. */
class Server {
  #child;
  #folder;
  #lines = [];
  #onExit = () => this.#kill('SIGKILL');

  constructor(name, user) {
    this.#folder = mkdtempSync(join(tmpdir(), `edgewise-${name}-`));
    this.user = userOf(user);
    this.own(this.#folder);
  }

  get folder() {
    return this.#folder;
  }

  own(path) {
    if (this.user.uid !== undefined) chownSync(path, this.user.uid, this.user.gid);
  }

  /** Runs a program to its end. */
  async run(program, args) {
    await promisify(execFile)(find(program), args, { cwd: this.#folder, ...this.user });
  }

  /** Starts a program, and waits for the line that says that it is ready. */
  async start(program, args, ready, env = {}) {
    const child = spawn(find(program), args, {
      cwd: this.#folder,
      detached: true,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      ...this.user,
    });
    this.#child = child;
    process.on('exit', this.#onExit);
    await new Promise((resolve, reject) => {
      const timer = setTimeout(() => fail('is not ready'), START_MS_MAX);
      const fail = (reason) => {
        clearTimeout(timer);
        reject(new Error(`${program} ${reason}:\n${this.#lines.join('')}`));
      };
      for (const output of [child.stdout, child.stderr]) {
        output.setEncoding('utf8').on('data', (text) => {
          this.#lines.push(text);
          if (ready.test(this.#lines.join(''))) resolve(clearTimeout(timer));
        });
      }
      child.once('error', reject);
      child.once('exit', (code) => fail(`ended with ${code}`));
    });
  }

  #kill(signal) {
    try {
      process.kill(-this.#child.pid, signal);
      return true;
    } catch {
      return false; // all of them have ended
    }
  }

  async stop(signal = 'SIGTERM') {
    if (this.#child?.pid !== undefined) {
      const timer = setTimeout(() => this.#kill('SIGKILL'), STOP_MS_MAX);
      this.#kill(signal);
      if (this.#child.exitCode === null && this.#child.signalCode === null) {
        await once(this.#child, 'exit');
      }
      clearTimeout(timer);
      this.#kill('SIGKILL'); // what the server has left behind
      process.off('exit', this.#onExit);
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

async function startMariadb(server) {
  const port = await freePort();
  const data = join(server.folder, 'data');
  const user = server.user.uid === undefined ? [] : ['--user=mysql'];
  const setUp = ['--auth-root-authentication-method=normal', '--skip-test-db'];
  await server.run('mariadb-install-db', ['--no-defaults', `--datadir=${data}`, ...setUp]);
  for (const name of ['key', 'cert']) {
    cpSync(certificates(name), join(server.folder, name));
    server.own(join(server.folder, name));
  }
  const sql = join(server.folder, 'init.sql');
  const statements = [
    'create database test;',
    `create user tester@'${HOST}' identified by 'secret';`,
    `grant all on *.* to tester@'${HOST}';`,
  ];
  writeFileSync(sql, statements.join('\n'));
  server.own(sql);
  const args = [
    '--no-defaults',
    ...user,
    `--datadir=${data}`,
    `--port=${port}`,
    `--bind-address=${HOST}`,
    `--socket=${join(server.folder, 'socket')}`,
    `--pid-file=${join(server.folder, 'pid')}`,
    `--init-file=${sql}`,
    `--ssl-cert=${join(server.folder, 'cert')}`,
    `--ssl-key=${join(server.folder, 'key')}`,
    '--skip-name-resolve',
    '--innodb-flush-method=nosync',
  ];
  await server.start('mariadbd', args, /ready for connections/);
  return port;
}

async function startRabbit(server, names) {
  const [port, distribution] = [await freePort(), await freePort()];
  const folder = (name) => {
    const path = join(server.folder, name);
    mkdirSync(path);
    server.own(path);
    return path;
  };
  const env = {
    HOME: server.folder,
    ERL_EPMD_PORT: `${names}`,
    ERL_EPMD_ADDRESS: HOST,
    RABBITMQ_NODENAME: `edgewise-${process.pid}@localhost`,
    RABBITMQ_NODE_IP_ADDRESS: HOST,
    RABBITMQ_NODE_PORT: `${port}`,
    RABBITMQ_DIST_PORT: `${distribution}`,
    RABBITMQ_MNESIA_BASE: folder('mnesia'),
    RABBITMQ_LOG_BASE: folder('log'),
    RABBITMQ_GENERATED_CONFIG_DIR: folder('config'),
    RABBITMQ_SCHEMA_DIR: folder('schema'),
    RABBITMQ_CONF_ENV_FILE: join(server.folder, 'none'),
    RABBITMQ_CONFIG_FILE: join(server.folder, 'none'),
    RABBITMQ_ADVANCED_CONFIG_FILE: join(server.folder, 'none'),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(server.folder, 'plugins'),
    RABBITMQ_PID_FILE: join(server.folder, 'pid'),
    RABBITMQ_LOGS: '-',
  };
  const [program] = PROGRAMS['rabbitmq-server'];
  await server.start(program, [], /Server startup complete|completed with \d+ plugins/, env);
  return port;
}

async function startNats(server) {
  const port = await freePort();
  await server.start('nats-server', ['-a', HOST, '-p', `${port}`], /Server is ready/);
  return port;
}

async function startRedis(server) {
  const port = await freePort();
  const args = ['--port', `${port}`, '--bind', HOST, '--dir', server.folder, '--save', ''];
  await server.start('redis-server', args, /Ready to accept connections/);
  return port;
}

async function startPostgres(server) {
  const port = await freePort();
  const data = join(server.folder, 'data');
  const setUp = ['-D', data, '-U', 'tester', '--auth=trust', '--no-sync', '-E', 'UTF8'];
  await server.run('initdb', setUp);
  const args = ['-D', data, '-p', `${port}`, '-h', HOST, '-k', server.folder, '-F'];
  await server.start('postgres', args, /ready to accept connections/);
  return port;
}

async function outcome(name, port, isOurs) {
  const program = new URL('test/register/workers/run.mjs', root).pathname;
  const options = isOurs ? ['--import', 'edgewise/net/register'] : [];
  const args = [...options, program, name, `${port}`];
  const { stdout } = await promisify(execFile)(process.execPath, args, {
    cwd: root,
    timeout: PROGRAM_MS_MAX,
  });
  return JSON.parse(stdout);
}

async function compare(name, port) {
  const nodes = await outcome(name, port, false);
  const ours = await outcome(name, port, true);
  if (!isDeepStrictEqual(ours.result, nodes.result)) {
    const texts = [nodes, ours].map(({ result }) => JSON.stringify(result));
    throw new Error(`over node:net ${texts[0]}, over our sockets ${texts[1]}`);
  }
  if (nodes.ours !== 0) throw new Error(`${nodes.ours} connections of ours without the register`);
  if (ours.ours === 0 || ours.nodes !== 0) {
    throw new Error(`${ours.ours} connections of ours, ${ours.nodes} of Node's own`);
  }
  return `${ours.ours} connections, all ours`;
}

async function against(check, title, { program, user, start }) {
  await check(title, async () => {
    const server = new Server(program, user);
    try {
      return await compare(program, await start(server));
    } finally {
      await server.stop(program === 'pg' ? 'SIGINT' : 'SIGTERM');
    }
  });
}

/**
 * Runs all of them.
 *
 * @param check - `(title, async body)`: prints and counts.
 */
export async function librariesAgainstServers(check) {
  const unprivileged = 'daemon';
  await against(check, 'ioredis and redis: Redis', {
    program: 'redis',
    user: unprivileged,
    start: startRedis,
  });
  await against(check, 'pg: PostgreSQL', {
    program: 'pg',
    user: 'postgres',
    start: startPostgres,
  });
  await against(check, '@nats-io/transport-node: NATS', {
    program: 'nats',
    user: unprivileged,
    start: startNats,
  });
  await against(check, 'mysql2: MariaDB, plain and over TLS', {
    program: 'mysql',
    user: 'mysql',
    start: startMariadb,
  });
  // Erlang would start its register of names by itself, and leave it behind.
  const names = new Server('epmd', 'rabbitmq');
  try {
    const port = await freePort();
    await names.start('epmd', ['-d', '-port', `${port}`, '-address', HOST], /epmd running/);
    await against(check, 'amqplib: RabbitMQ', {
      program: 'amqp',
      user: 'rabbitmq',
      start: (server) => startRabbit(server, port),
    });
  } finally {
    await names.stop();
  }
}
