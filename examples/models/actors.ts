// Actors: each has a reactor, state of its own and a mailbox, and nothing is shared but messages. The
// acceptor posts a descriptor to one actor after the other. A mailbox is bounded: when it is full,
// the acceptor stops accepting until there is room, and clients wait in the kernel's queue.
import { once } from 'node:events';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { Interest, Reactor, type Registration } from 'edgewise';
import { Mailbox, type MailboxAddress, MailboxSender } from 'edgewise/multi';
import * as sys from 'edgewise/sys';
import { listen, step } from './common.ts';
import { threads } from './flags.ts';

const reactor = new Reactor();

function onReady(_readiness: number, client: Registration): void {
  const outcome = step(client.fd);
  if (outcome === 'closed') {
    client.close();
    sys.close(client.fd);
  } else {
    client.setInterest(outcome === 'writable' ? Interest.Writable : Interest.Readable);
  }
}

function adopt(fd: unknown): void {
  try {
    reactor.register(fd as number, Interest.Readable, { onReady });
  } catch {
    sys.close(fd as number); // no room to watch it: one client is lost, not the actor
  }
}

async function startActor(): Promise<MailboxSender> {
  const [address] = await once(new Worker(new URL(import.meta.url)), 'message');
  return new MailboxSender(address as MailboxAddress, { reactor, onRoom: deliver });
}

let next = 0;
let undelivered: number | undefined; // one at most: while there is one, nothing is accepted

function deliver(): void {
  if (undelivered === undefined || !actors[next % actors.length]?.post(undelivered)) return;
  undelivered = undefined;
  next++;
  listener.setInterest(Interest.Readable);
}

function accept(_readiness: number, { fd }: Registration): void {
  const client = sys.accept4(fd, null, sys.constants.SOCK_NONBLOCK);
  if (client < 0) return;
  undelivered = client;
  listener.setInterest(Interest.None); // until it is delivered, which mostly is at once
  deliver();
}

if (!isMainThread) parentPort?.postMessage(new Mailbox({ reactor, onMessage: adopt }).address);
const actors = isMainThread ? await Promise.all(Array.from({ length: threads }, startActor)) : [];
const listener = isMainThread
  ? reactor.register(listen('non-blocking'), Interest.Readable, { onReady: accept })
  : (undefined as never);
await reactor.run();
