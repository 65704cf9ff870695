// Mailboxes whose reactor or thread ends, and senders that wait for room: nobody waits for what does
// not come, and nobody posts to who has gone.
import { describe, expect, it } from 'vitest';
import { Reactor } from '../../src/index.ts';
import { Mailbox, MailboxSender } from '../../src/multi.ts';
import { useDescriptors } from '../helpers/descriptors.ts';

const descriptors = useDescriptors();
const onMessage = () => undefined;
const codeOf = (code: string) => expect.objectContaining({ code });

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
