// Threads that open what edgewise can open and end in every way; what is left of them in the process
// is printed as JSON. Arguments: count of threads, how many run at a time.
import { mkdtempSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import {
  adoptConnection,
  bindDatagram,
  connect,
  defaultReactor,
  listen,
  openReader,
  openWriter,
  Poller,
  Reactor,
  relay,
  watchExit,
} from '../../dist/index.js';
import { Mailbox, MailboxSender, ReactorPool } from '../../dist/multi/index.js';
import net from '../../dist/node-net/index.js';
import * as sys from '../../dist/sys/index.js';

const WAYS = ['terminate', 'exit', 'error', 'natural', 'close', 'blocked'];
/** Every so many threads one has a pool, which is threads of its own and takes the longest. */
const POOL_EVERY = 4;
const HOST = '127.0.0.1';
const { AF_UNIX, SOCK_STREAM, SOCK_NONBLOCK, O_NONBLOCK } = sys.constants;

const nothing = () => undefined;

function pairOf(make) {
  const fds = new Int32Array(2);
  if (make(fds) < 0) throw new Error('no descriptors');
  return fds;
}

const socketpair = () =>
  pairOf((fds) => sys.socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds));
const opened = [];
const open = (object) => {
  opened.push(object);
  return object;
};

function connected(options) {
  return new Promise((resolve, reject) => {
    const handlers = { open: resolve, close: (_, error) => reject(error) };
    open(connect({ ...options, handlers }));
  });
}

async function openSockets(directory, index) {
  const accepted = [];
  const handlers = { open: (connection) => accepted.push(open(connection)) };
  const tcp = open(listen({ host: HOST, onExhaustion: 'shed', handlers }));
  const unix = open(listen({ path: join(directory, `listener ${index}`), handlers }));
  for (const place of [{ host: HOST, port: tcp.port }, { path: unix.address.path }]) {
    await connected(place);
    await connected(place);
  }
  open(relay(accepted[0], accepted[1]));
  open(bindDatagram({ host: HOST, handlers: {} }));
  const [mine, theirs] = socketpair();
  open(adoptConnection(mine, { handlers: {} }));
  open(adoptConnection(theirs, { handlers: {} }));
}

function openOthers(mailbox) {
  const [reader, writer] = pairOf((fds) => sys.pipe2(fds, O_NONBLOCK));
  open(openReader(reader, { handlers: {} }));
  open(openWriter(writer, { handlers: {} }));
  open(watchExit(process.ppid, nothing));
  const reactor = open(new Reactor());
  open(new Mailbox({ reactor, onMessage: nothing }));
  reactor.attach();
  reactor.onSignal('SIGUSR2', nothing);
  open(new MailboxSender(mailbox, { reactor, onRoom: nothing })).post('opened');
  for (const backend of ['poll', 'select', Poller.preferredBackend]) open(new Poller({ backend }));
  // Calls of the kernel as they are: no object would close these.
  socketpair();
  sys.dup(sys.socket(AF_UNIX, SOCK_STREAM));
  if (process.platform === 'linux') {
    sys.eventfd(0);
    sys.epoll_create1();
    sys.timerfd_create(sys.constants.CLOCK_MONOTONIC);
  }
}

function openNodeNet() {
  return new Promise((resolve) => {
    const server = open(net.createServer(open));
    server.listen(0, HOST, () => {
      open(net.connect(server.address().port, HOST, resolve));
    });
  });
}

async function openPool() {
  const module = new URL('../multi/workers/sub-echo.mjs', import.meta.url);
  const pool = open(new ReactorPool({ size: 1, module, host: HOST }));
  await pool.start();
  await connected({ host: HOST, port: pool.port });
}

function end(way) {
  if (way === 'exit') process.exit(0);
  if (way === 'error') throw new Error('as asked');
  if (way === 'natural') for (const object of opened) object.unref?.();
  if (way === 'close') for (const object of opened) (object.destroy ?? object.close).call(object);
  if (way === 'close') defaultReactor().close();
  if (way === 'blocked') {
    parentPort.postMessage('terminate me');
    new Reactor().turn(-1);
  }
  parentPort.close();
}

async function run({ index, way, directory, mailbox }) {
  await openSockets(directory, index);
  openOthers(mailbox);
  await openNodeNet();
  if (index % POOL_EVERY === 0) await openPool();
  parentPort.once('message', () => end(way));
  parentPort.postMessage('opened');
}

// One thread, from its start to its end. The library is loaded when it says that it has opened all:
// Node itself keeps descriptors of a thread that is terminated while it loads modules.
function runThread(index, shared) {
  const way = WAYS[index % WAYS.length];
  const worker = new Worker(new URL(import.meta.url), {
    workerData: { ...shared, index, way, mailbox: shared.mailbox.address },
  });
  const { threadId } = worker;
  const ask = (message) => {
    if (message === 'terminate me' || way === 'terminate') void worker.terminate();
    else worker.postMessage('end');
  };
  return new Promise((resolve) => {
    const errors = [];
    worker.on('message', ask);
    worker.on('error', (error) => errors.push(error));
    worker.on('exit', () => {
      shared.mailbox.releaseThread(threadId);
      const unexpected = errors.filter(({ message }) => message !== 'as asked');
      resolve(unexpected.map((error) => `${way}: ${error.stack}`));
    });
  });
}

async function runMany(from, to, width, shared) {
  const errors = [];
  let next = from;
  const runOn = async () => {
    while (next < to) errors.push(...(await runThread(next++, shared)));
  };
  await Promise.all(Array.from({ length: width }, runOn));
  return errors;
}

function descriptors() {
  const folder = process.platform === 'linux' ? '/proc/self/fd' : '/dev/fd';
  return readdirSync(folder).map((fd) => {
    try {
      return `${fd} ${readlinkSync(join(folder, fd))}`;
    } catch {
      return fd; // macOS; on Linux the folder's own
    }
  });
}

async function main(count, width) {
  const directory = mkdtempSync(join(tmpdir(), 'edgewise-ends-'));
  const reactor = new Reactor();
  reactor.attach();
  const mailbox = new Mailbox({ reactor, producerCountMax: width, onMessage: nothing });
  const shared = {
    directory,
    mailbox: { address: mailbox.address, releaseThread: (id) => mailbox.releaseThread(id) },
  };
  const errors = await runMany(0, WAYS.length, width, shared); // what Node opens once for all
  const before = descriptors();
  errors.push(...(await runMany(WAYS.length, count, width, shared)));
  const after = descriptors();
  const left = after.length > before.length ? after.filter((line) => !before.includes(line)) : [];
  const files = readdirSync(directory);
  rmSync(directory, { recursive: true });
  console.log(JSON.stringify({ before: before.length, after: after.length, left, files, errors }));
  reactor.close();
  process.exitCode = after.length === before.length && files.length + errors.length === 0 ? 0 : 1;
}

if (isMainThread) await main(...process.argv.slice(2).map(Number));
else await run(workerData);
