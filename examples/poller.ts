// The Poller by hand: one interface over the kernel's mechanisms. Give the back-end as an argument
// (epoll, poll, select; kqueue on macOS and the BSDs) and compare.
import { type Backend, Interest, Poller, readinessNames, type Trigger } from 'edgewise';
import * as sys from 'edgewise/sys';
import { check } from './listen.ts';

const backend = (process.argv[2] ?? Poller.preferredBackend) as Backend;
const poller = new Poller({ backend }); // ERR_BACKEND_UNAVAILABLE names those of this system
const { triggers, fdLimit } = poller.capabilities;
console.log(`${backend}: ${triggers.join(', ')}; descriptors below ${fdLimit}`);

const ends = new Int32Array(2);
const { AF_UNIX, SOCK_STREAM, SOCK_NONBLOCK } = sys.constants;
check(sys.socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 'socketpair');
const [near, far] = ends as unknown as [number, number];
const bytes = new Uint8Array(64);
const TOKEN = 7; // any number; it comes back with each event and names the descriptor

function wait(when: string): void {
  const count = poller.wait(0); // 0 polls; a number is milliseconds; -1 blocks
  const said = Array.from({ length: count }, (_, index) => {
    const { events } = poller; // in memory that is filled anew by each wait
    return `token ${events.token(index)}: ${readinessNames(events.readiness(index))}`;
  });
  console.log(`  ${when.padEnd(20)} ${said.join(', ') || '-'}`);
}

function show(trigger: Trigger): void {
  console.log(trigger);
  poller.add(near, TOKEN, Interest.Readable, trigger);
  wait('nothing sent');
  check(sys.write(far, bytes), 'write');
  wait('64 bytes sent');
  wait('not read');
  poller.modify(near, TOKEN, Interest.Readable, trigger);
  wait('modified');
  check(sys.read(near, bytes), 'read');
  wait('read');
  poller.remove(near); // before the descriptor is closed
}

for (const trigger of triggers) show(trigger);
poller.close();
for (const fd of ends) sys.close(fd);
