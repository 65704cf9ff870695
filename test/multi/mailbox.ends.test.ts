// Mailboxes whose reactor or thread ends, and senders that wait for room: nobody waits for what does
// not come, and nobody posts to who has gone.
import { once } from 'node:events';
import { setImmediate as nextLoopPass } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { Reactor } from '../../src/index.ts';
import { Mailbox, type MailboxAddress, MailboxSender } from '../../src/multi.ts';
import { useDescriptors } from '../helpers/descriptors.ts';

const descriptors = useDescriptors();
const WAITING = new URL('../workers/mailbox-waiting.mjs', import.meta.url);
const onMessage = () => undefined;
const codeOf = (code: string) => expect.objectContaining({ code });

/** A thread that posts and waits for room, and what it tells, each once. */
function startWaiting(address: MailboxAddress, posts: number) {
  const worker = new Worker(WAITING, { workerData: { address, posts } });
  const told: string[] = [];
  worker.on('message', (text: string) => told.push(text));
  const until = async (text: string) => {
    while (!told.includes(text)) await once(worker, 'message');
  };
  return { told, until, ended: once(worker, 'exit') };
}

describe('waitForRoom', () => {
  it('is over at once when nothing is there', async () => {
    const reactor = descriptors.using(new Reactor());
    const mailbox = new Mailbox({ reactor, onMessage });
    const { told, ended } = startWaiting(mailbox.address, 0);
    await ended;
    expect(told).toEqual(['open']);
  });

  it('is woken by the reader also when the post before it has succeeded', async () => {
    const reactor = descriptors.using(new Reactor());
    reactor.attach();
    const mailbox = new Mailbox({ reactor, onMessage });
    const { told, ended } = startWaiting(mailbox.address, 200);
    await ended;
    expect(told.at(-1)).toBe('open');
    while (!mailbox.isEmpty) await nextLoopPass();
    expect(mailbox.stats.received).toBe(201);
  });
});

describe('a reactor that closes', () => {
  it('and its onRoom, is refused, and takes no lane', () => {
    const reactor = descriptors.using(new Reactor());
    const mailbox = new Mailbox({ reactor, onMessage, producersMax: 1 });
    const closed = new Reactor();
    closed.close();
    const options = { reactor: closed, onRoom: () => undefined };
    expect(() => new MailboxSender(mailbox.address, options)).toThrow(codeOf('ERR_CLOSED'));
    expect(new MailboxSender(mailbox.address).lane).toBe(0);
  });
});
