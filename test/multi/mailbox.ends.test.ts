// Mailboxes with a reactor or a thread that ends, and senders that wait for room: no sender waits for
// ever, and none posts to a mailbox that has ended.
import { once } from 'node:events';
import { setImmediate as nextLoopPass } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { Reactor } from '../../src/index.ts';
import { Mailbox, type MailboxAddress, MailboxSender } from '../../src/multi/index.ts';
import { useDescriptors } from '../helpers/descriptors.ts';

const descriptors = useDescriptors();
const WAITING = new URL('./workers/mailbox-waiting.mjs', import.meta.url);
const BUSY = new URL('./workers/mailbox-busy.mjs', import.meta.url);
/** Posts between which a sender trusts that the reader will look. */
const UNCHECKED_MAX = 256;
const onMessage = () => undefined;
const codeOf = (code: string) => expect.objectContaining({ code });

/** A thread that posts and waits for room, and its reports, each once. */
function startWaiting(address: MailboxAddress, posts: number) {
  const worker = new Worker(WAITING, { workerData: { address, posts } });
  const reports: string[] = [];
  worker.on('message', (text: string) => reports.push(text));
  const until = async (text: string) => {
    while (!reports.includes(text)) await once(worker, 'message');
  };
  return { reports, until, ended: once(worker, 'exit') };
}

describe('waitForRoom', () => {
  it('is over at once when nothing is there', async () => {
    const reactor = descriptors.using(new Reactor());
    const mailbox = new Mailbox({ reactor, onMessage });
    const { reports, ended } = startWaiting(mailbox.address, 0);
    await ended;
    expect(reports).toEqual(['open']);
  });

  it('is woken by the reader also when the post before it has succeeded', async () => {
    const reactor = descriptors.using(new Reactor());
    reactor.attach();
    const mailbox = new Mailbox({ reactor, onMessage });
    const { reports, ended } = startWaiting(mailbox.address, 200);
    await ended;
    expect(reports.at(-1)).toBe('open');
    while (!mailbox.isEmpty) await nextLoopPass();
    expect(mailbox.stats.received).toBe(201);
  });

  it('is over when the reactor is closed', async () => {
    const reactor = new Reactor();
    const mailbox = new Mailbox({ reactor, onMessage });
    const { reports, until, ended } = startWaiting(mailbox.address, 1);
    await until('posted');
    reactor.close();
    await ended;
    expect(reports.at(-1)).toBe('ERR_CLOSED');
  });
});

describe('a reactor that closes', () => {
  it('closes its mailboxes: no post is true any more', () => {
    const reactor = new Reactor();
    const mailbox = new Mailbox({ reactor, onMessage });
    const sender = new MailboxSender(mailbox.address);
    expect(sender.post(1)).toBe(true);
    reactor.close();
    expect(mailbox.isClosed).toBe(true);
    expect(() => sender.post(2)).toThrow(codeOf('ERR_CLOSED'));
    expect(() => new MailboxSender(mailbox.address)).toThrow(codeOf('ERR_CLOSED'));
    sender.close();
  });

  it('in a handler of a message delivers no more', () => {
    const reactor = new Reactor();
    const received: unknown[] = [];
    const mailbox = new Mailbox({
      reactor,
      onMessage: (message) => {
        received.push(message);
        reactor.close();
      },
    });
    const sender = new MailboxSender(mailbox.address);
    for (const message of [1, 2, 3]) sender.post(message);
    reactor.turn(0);
    expect(received).toEqual([1]);
  });

  it('keeps no mailbox that was closed before', () => {
    const reactor = descriptors.using(new Reactor());
    const before = reactor.dependents.size;
    new Mailbox({ reactor, onMessage }).close();
    expect(reactor.dependents.size).toBe(before);
  });

  it('and its onRoom, is refused, and takes no lane', () => {
    const reactor = descriptors.using(new Reactor());
    const mailbox = new Mailbox({ reactor, onMessage, producerCountMax: 1 });
    const closed = new Reactor();
    closed.close();
    const options = { reactor: closed, onRoom: () => undefined };
    expect(() => new MailboxSender(mailbox.address, options)).toThrow(codeOf('ERR_CLOSED'));
    expect(new MailboxSender(mailbox.address).lane).toBe(0);
  });
});

describe('a thread that is terminated before it has looked', () => {
  async function terminated() {
    const worker = new Worker(BUSY);
    const [address] = await once(worker, 'message');
    const sender = new MailboxSender(address);
    expect(sender.post('wakes it')).toBe(true);
    await worker.terminate();
    return sender;
  }

  it('is found out after so many posts', async () => {
    const sender = await terminated();
    let posted = 0;
    const post = () => {
      while (sender.post('lost')) posted++;
    };
    expect(post).toThrow(codeOf('ERR_CLOSED'));
    expect(posted).toBeLessThanOrEqual(UNCHECKED_MAX);
  });

  it('ends a wait for room that has begun', async () => {
    const worker = new Worker(BUSY);
    const [address] = await once(worker, 'message');
    const { reports, until, ended } = startWaiting(address, 1);
    await until('posted');
    await worker.terminate();
    await ended;
    expect(reports.at(-1)).toBe('ERR_CLOSED');
  });

  it('is not waited for', async () => {
    const sender = await terminated();
    expect(() => sender.waitForRoom(5000)).toThrow(codeOf('ERR_CLOSED'));
  });
});

describe('a post that is under way when the mailbox closes says that it is closed', () => {
  it.each(['close', 'a handler'])('by %s', (by) => {
    const reactor = descriptors.using(new Reactor());
    const mailbox = new Mailbox({ reactor, onMessage: () => mailbox.close() });
    const sender = new MailboxSender(mailbox.address);
    if (by === 'a handler') sender.post('close');
    const message = {
      get text() {
        if (by === 'close') mailbox.close();
        else reactor.turn(0);
        return 'read while it is encoded';
      },
    };
    expect(() => sender.post(message)).toThrow(codeOf('ERR_CLOSED'));
    expect(mailbox.isClosed).toBe(true);
  });
});
