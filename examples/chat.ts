// A chat: what one client says goes to all the others. It shows output queues: each client has its
// own, and write interest is armed only while it holds something.
import { Interest, Readiness, type Registration } from 'edgewise';
import * as sys from 'edgewise/sys';
import { hangUp, serve } from './listen.ts';

const QUEUE_BYTES_MAX = 1 << 20;
const bytes = new Uint8Array(4096);

interface Member {
  readonly prefix: Uint8Array;
  queue: Uint8Array[];
  queuedBytes: number;
}

const members = new Set<Registration<Member>>();

function leave(member: Registration<Member>): void {
  members.delete(member);
  hangUp(member);
}

function say(member: Registration<Member>, message: Uint8Array): void {
  const { data } = member;
  data.queue.push(message); // shared by all queues: its bytes must not change any more
  data.queuedBytes += message.length;
  // A member that does not read must not use up the memory of the others.
  if (data.queuedBytes > QUEUE_BYTES_MAX) leave(member);
  else member.setInterest(Interest.Readable | Interest.Writable); // no system call if armed already
}

// One message per event is enough under a level trigger.
function flush(member: Registration<Member>) {
  const { data } = member;
  const message = data.queue[0] as Uint8Array; // not empty: we had no write interest otherwise
  const sent = sys.send(member.fd, message);
  if (sent === sys.WOULD_BLOCK) return;
  if (sent < 0) return leave(member);
  data.queuedBytes -= sent;
  if (sent < message.length) data.queue[0] = message.subarray(sent);
  else data.queue.shift();
  if (data.queue.length === 0) member.setInterest(Interest.Readable);
}

const chat = {
  onReady(readiness: number, member: Registration<Member>) {
    if ((readiness & Readiness.Writable) !== 0) flush(member);
    if (member.isClosed || (readiness & Readiness.Readable) === 0) return;
    const count = sys.recv(member.fd, bytes);
    if (count === sys.WOULD_BLOCK) return;
    if (count <= 0) return leave(member);
    const message = Buffer.concat([member.data.prefix, bytes.subarray(0, count)]); // a copy
    for (const other of members) if (other !== member) say(other, message);
  },
};

await serve((fd, reactor) => {
  const data = { prefix: Buffer.from(`guest ${fd}: `), queue: [], queuedBytes: 0 };
  members.add(reactor.register<Member>(fd, Interest.Readable, chat, { data }));
}, 7070);
