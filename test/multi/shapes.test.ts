// Small flat objects in a mailbox whose getters post, too, while they are read.
import { expect, it } from 'vitest';
import { Reactor } from '../../src/index.ts';
import { Mailbox, MailboxSender } from '../../src/multi/index.ts';
import { useDescriptors } from '../helpers/descriptors.ts';

const descriptors = useDescriptors();

it('a getter that posts another object takes neither its values nor the number of its shape', () => {
  const reactor = descriptors.using(new Reactor());
  const received: unknown[] = [];
  const mailbox = new Mailbox({ reactor, onMessage: (message) => received.push(message) });
  const sender = new MailboxSender(mailbox.address);
  const posting = {
    before: 1,
    get after() {
      sender.post({ other: 2 });
      return 3;
    },
  };
  sender.post(posting);
  sender.post({ before: 4, after: 5 });
  sender.post({});
  reactor.turn(0);
  expect(received[0]).toEqual({ other: 2 });
  expect(received.slice(-3)).toEqual([{ before: 1, after: 3 }, { before: 4, after: 5 }, {}]);
});
