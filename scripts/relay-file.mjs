// Sends a file of random bytes through `edgewise relay`, to the target and back from it, with nc
// (Debian: netcat-openbsd) at both ends, and compares what arrives byte for byte. One way after the
// other, because a listening nc ends as soon as its peer has, whatever it still had to send. Call
// `npm run build` before.
//
//   node scripts/relay-file.mjs [--megabytes 1024] [--trigger level|edge] [--copy]
//
// Exit codes: 0 all arrived; 1 it did not; 3 not run, because a program is not there.
import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const MAIN = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
const MIB = 1024 * 1024;

const { values } = parseArgs({
  options: {
    megabytes: { type: 'string', default: '1024' },
    trigger: { type: 'string', default: 'level' },
    copy: { type: 'boolean', default: false },
  },
});

/** A port that is free now. */
async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function writeRandom(path, mebibytes) {
  const fd = openSync(path, 'w');
  for (let i = 0; i < mebibytes; i++) writeSync(fd, randomBytes(MIB));
  closeSync(fd);
}

/** nc that writes what arrives to `to`. `-N` ends its side behind `from`; `-d` sends nothing. */
function netcat(args, from, to) {
  const [input, output] = [openSync(from, 'r'), openSync(to, 'w')];
  const child = spawn('nc', args, { stdio: [input, output, 'pipe'] });
  closeSync(input);
  closeSync(output);
  const ended = once(child, 'exit').then(([code]) => {
    if (code !== 0) throw new Error(`nc ${args.join(' ')} ended with ${code}`);
  });
  return { child, ended };
}

/** Resolves when the program has printed `pattern`. */
function printed(stream, pattern) {
  return new Promise((resolve, reject) => {
    let text = '';
    stream.on('data', (chunk) => {
      text += chunk;
      const match = pattern.exec(text);
      if (match !== null) resolve(match);
    });
    stream.once('end', () => reject(new Error(`ended without ${pattern}: ${text}`)));
  });
}

async function startRelay(targetPort) {
  const options = ['--port', '0', '--target', `127.0.0.1:${targetPort}`];
  const args = [...options, '--trigger', values.trigger, ...(values.copy ? ['--copy'] : [])];
  const relay = spawn(process.execPath, [MAIN, 'relay', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [, port] = await printed(relay.stdout, /:(\d+)\n/);
  return { relay, port };
}

/** What the two ends send, each a path, and where what they get is written to. */
async function transfer(ports, target, client) {
  const listener = netcat(['-Nlv', '127.0.0.1', `${ports.target}`], target.from, target.to);
  await printed(listener.child.stderr, /listening/i);
  const caller = netcat([client.flag, '127.0.0.1', `${ports.relay}`], client.from, client.to);
  await Promise.all([caller.ended, listener.ended]);
}

function isSame(one, other) {
  return spawnSync('cmp', [one, other], { stdio: 'inherit' }).status === 0;
}

/** @returns whether all was the same. */
async function run(directory) {
  const path = (name) => join(directory, name);
  writeRandom(path('file'), Number(values.megabytes));
  const target = await freePort();
  const { relay, port } = await startRelay(target);
  const ports = { target, relay: port };
  const nothing = '/dev/null';
  await transfer(
    ports,
    { from: nothing, to: path('there') },
    { from: path('file'), to: path('empty'), flag: '-N' },
  );
  const arrived = isSame(path('file'), path('there'));
  await transfer(
    ports,
    { from: path('file'), to: path('empty') },
    { from: nothing, to: path('back'), flag: '-d' },
  );
  const summary = printed(relay.stdout, /relayed .*\n/);
  relay.kill('SIGINT');
  process.stdout.write(String(await summary));
  return arrived && isSame(path('file'), path('back'));
}

if (!/OpenBSD/.test(String(spawnSync('nc', ['-h']).stderr))) {
  process.stdout.write('relay-file: not run: nc of OpenBSD (netcat-openbsd) is not there\n');
  process.exit(3);
}
const directory = mkdtempSync(join(tmpdir(), 'edgewise-relay-'));
try {
  const isEqual = await run(directory);
  const verdict = isEqual ? 'the same, bit for bit' : 'different';
  process.stdout.write(`${values.megabytes} MiB each way: ${verdict}\n`);
  process.exitCode = isEqual ? 0 : 1;
} finally {
  rmSync(directory, { recursive: true });
}
