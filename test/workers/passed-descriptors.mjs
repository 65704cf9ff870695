// Started by descriptor-passing.test.ts: what a connection says when descriptors are used up, in one line
// of JSON. `left` counts what it has left behind.
import { readdirSync } from 'node:fs';
import { adoptConnection, Reactor } from '../../dist/index.js';
import * as sys from '../../dist/sys/index.js';
import { limitDescriptors } from './descriptor-limit.mjs';

const { AF_UNIX, SOCK_STREAM, SOCK_NONBLOCK } = sys.constants;
const count = () => readdirSync('/proc/self/fd').length;
const DESCRIPTORS_MAX = 64;
const reactor = new Reactor();

function socketpair() {
  const fds = new Int32Array(2);
  if (sys.socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) < 0) throw new Error('no pair');
  return fds;
}

// Uses up all descriptors but `spare`.
function exhaust(spare) {
  const taken = [];
  for (let fd = sys.dup(0); fd >= 0; fd = sys.dup(0)) taken.push(fd);
  for (const fd of taken.splice(0, spare)) sys.close(fd);
  return () => taken.forEach((fd) => void sys.close(fd));
}

function truncated() {
  const [left, right] = socketpair();
  const outcome = {};
  const handlers = {
    descriptors(_, fds, isTruncated) {
      Object.assign(outcome, { arrived: fds.length, isTruncated });
      for (const fd of fds) sys.close(fd);
    },
    data(_, bytes) {
      outcome.bytes = bytes.toString();
    },
  };
  adoptConnection(right, { handlers, receiveDescriptors: true, reactor });
  reactor.turn(1); // opens what a reactor needs
  const before = count();
  const release = exhaust(3);
  sys.sendmsg(left, { buffers: [Buffer.from('x')], descriptors: new Array(10).fill(0) });
  while (outcome.bytes === undefined) reactor.turn(1000);
  release();
  return { ...outcome, left: count() - before };
}

function codeOf(call) {
  try {
    call();
  } catch (error) {
    return error.code;
  }
  return undefined;
}

function tooMany() {
  // Root may have as many as it likes under way.
  if (process.getuid() === 0) process.setuid(65_534);
  const [left, right] = socketpair();
  const connection = adoptConnection(left, { handlers: {}, reactor });
  reactor.turn(1); // opens what a reactor needs
  const before = count();
  let sent = 0;
  let code;
  while (code === undefined && sent < 100) {
    code = codeOf(() => connection.writeDescriptors('x', new Array(16).fill(0)));
    if (code === undefined) sent++;
  }
  const { isClosed } = connection;
  connection.write('after');
  const room = Buffer.alloc(64);
  let bytes = '';
  for (let n = sys.recv(right, room); n > 0; n = sys.recv(right, room)) {
    bytes += room.toString('utf8', 0, n);
  }
  return { sent, code, isClosed, bytes: bytes.replace(/^x+/, ''), left: count() - before };
}

function noDuplicates() {
  const [left] = socketpair();
  const connection = adoptConnection(left, { handlers: {}, reactor });
  reactor.turn(1); // opens what a reactor needs
  connection.cork();
  const before = count();
  const release = exhaust(5);
  const code = codeOf(() => connection.writeDescriptors('x', new Array(10).fill(0)));
  release();
  return { code, isClosed: connection.isClosed, left: count() - before };
}

limitDescriptors(DESCRIPTORS_MAX);
const modes = { truncated, 'too-many': tooMany, 'no-duplicates': noDuplicates };
console.log(JSON.stringify(modes[process.argv[2]]()));
reactor.close();
