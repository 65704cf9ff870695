// poll and select in a worker: posts what they found.
import { parentPort } from 'node:worker_threads';
import * as sys from '../../dist/sys/index.js';

const { AF_UNIX, SOCK_STREAM, POLLIN } = sys.constants;
const fds = new Int32Array(2);
sys.socketpair(AF_UNIX, SOCK_STREAM, 0, fds);
const [left, right] = fds;
sys.send(right, Buffer.from('x'));

const entries = new sys.PollDescriptors(1);
entries.set(0, left, POLLIN);
const readable = new sys.FdSet();
readable.add(left);
const poll = [sys.poll(entries, 1, -1), entries.revents(0)];
const select = [sys.select(left + 1, readable, null, null, -1), readable.has(left)];
readable.clear();
const empty = sys.select(left + 1, readable, null, null, 0);
for (const fd of fds) sys.close(fd);
parentPort.postMessage({ poll, select, empty });
