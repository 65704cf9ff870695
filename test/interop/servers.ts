// Real servers for the tests: PostgreSQL and Redis, each in a folder of its own and on a free port,
// and ended after the tests. Without the program the tests are skipped, which is printed.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { HOST } from './sides.ts';

export interface RealServer {
  readonly port: number;
  stop(): Promise<void>;
}

/** Where a program is, or why the tests that need it are skipped. */
export function findProgram(name: string, folders: readonly string[]): string | undefined {
  const found = folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
  if (found === undefined) process.stdout.write(`skipped: there is no ${name} here\n`);
  return found;
}

/** Folders of PostgreSQL's programs: Debian does not put them on the PATH. */
export function postgresFolders(): string[] {
  const base = '/usr/lib/postgresql';
  const versions = existsSync(base) ? readdirSync(base).map((each) => join(base, each, 'bin')) : [];
  return [...versions, '/usr/local/pgsql/bin', '/usr/local/bin', '/opt/homebrew/bin', '/usr/bin'];
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, HOST, resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Starts a program and waits for the line that says that it is ready. */
async function startProgram(
  command: string,
  args: readonly string[],
  ready: RegExp,
  user: { uid?: number; gid?: number } = {},
): Promise<ChildProcess> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], cwd: '/', ...user });
  const lines: string[] = [];
  await new Promise<void>((resolve, reject) => {
    for (const output of [child.stdout, child.stderr]) {
      createInterface({ input: output }).on('line', (line) => {
        lines.push(line);
        if (ready.test(line)) resolve();
      });
    }
    child.once('error', reject);
    child.once('exit', (code) =>
      reject(new Error(`${command} ended with ${code}:\n${lines.join('\n')}`)),
    );
  });
  return child;
}

function stopper(child: ChildProcess, folder: string, signal: NodeJS.Signals) {
  return async () => {
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
}

export async function startRedis(program: string): Promise<RealServer> {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'edgewise-redis-'));
  const args = ['--port', String(port), '--bind', HOST, '--dir', folder, '--save', ''];
  const child = await startProgram(program, args, /Ready to accept connections/);
  return { port, stop: stopper(child, folder, 'SIGTERM') };
}

// PostgreSQL refuses to run as root: then it runs as the user that its package has made.
function unprivileged(): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const id = (option: string) =>
    Number(execFileSync('id', [option, 'postgres'], { stdio: 'pipe' }));
  return { uid: id('-u'), gid: id('-g') };
}

export async function startPostgres(initdb: string): Promise<RealServer> {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'edgewise-pg-'));
  const user = unprivileged();
  if (user.uid !== undefined && user.gid !== undefined) chownSync(folder, user.uid, user.gid);
  const data = join(folder, 'data');
  const setUp = ['-D', data, '-U', 'tester', '--auth=trust', '--no-sync', '-E', 'UTF8'];
  execFileSync(initdb, setUp, { stdio: 'pipe', cwd: '/', ...user });
  const args = ['-D', data, '-p', String(port), '-h', HOST, '-k', folder, '-F'];
  const program = join(initdb, '../postgres');
  const child = await startProgram(program, args, /ready to accept connections/, user);
  return { port, stop: stopper(child, folder, 'SIGINT') };
}
