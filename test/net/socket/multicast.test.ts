// Multicast groups, over whatever interface this machine has.
import { networkInterfaces } from 'node:os';
import { describe, expect, it } from 'vitest';
import type { SocketAddress } from '../../../src/address.ts';
import { useDescriptors } from '../../helpers/descriptors.ts';
import { datagramWorld, HOST, Inbound } from '../inbound.ts';

// An interface with an address of the family, the loopback if it may be. Linux's loopback has no
// route for multicast over IPv6.
function interfaceWith(family: string): string | undefined {
  const all = Object.entries(networkInterfaces()).flatMap(([name, addresses]) =>
    (addresses ?? []).filter((address) => address.family === family).map((one) => ({ name, one })),
  );
  const isWanted = family === 'IPv4' || process.platform !== 'linux';
  return all.find(({ one }) => one.internal === isWanted)?.name;
}

const GROUPS = [
  { family: 'IPv4', any: '0.0.0.0', group: '239.255.77.1', on: interfaceWith('IPv4') },
  { family: 'IPv6', any: '::', group: 'ff02::4577', on: interfaceWith('IPv6') },
].filter(({ on }) => on !== undefined);

const code = (expected: string) => expect.objectContaining({ code: expected });

describe.each(['level', 'edge'] as const)('%s: multicast', (trigger) => {
  const descriptors = useDescriptors();

  it.each(GROUPS)('$family: joined, two sockets hear it; left, one does', ({ any, group, on }) => {
    const { bind, turnUntil } = datagramWorld(descriptors, trigger);
    const open = (inbound: Inbound, port: number) =>
      bind(inbound.handlers, { host: any, port, reuseAddress: true });
    const heard = [new Inbound(), new Inbound()] as const;
    const first = open(heard[0], 0);
    const second = open(heard[1], first.port);
    for (const socket of [first, second]) socket.joinGroup(group, on);
    const sender = open(new Inbound(), 0);
    sender.setMulticast({ ttl: 0, loop: true, interface: on as string });
    const to = { address: group, port: first.port };
    expect(sender.send('hello', to)).toBe(true);
    turnUntil(() => heard.every(({ messages }) => messages.length === 1));
    expect(() => first.joinGroup(group, on)).toThrow(code('EADDRINUSE'));
    first.leaveGroup(group, on);
    expect(() => first.leaveGroup(group, on)).toThrow(code('EADDRNOTAVAIL'));
    second.leaveGroup(group, on);
    second.joinGroup(group, on);
    expect(sender.send('again', to)).toBe(true);
    turnUntil(() => heard[1].messages.length === 2);
    expect(heard[1].messages).toEqual(['hello', 'again']);
  });

  // Not IPv4's: a loopback interface brings back whatever is sent through it.
  it.each(GROUPS.slice(1))(
    '$family: a sender that does not loop is not heard here',
    ({ any, group, on }) => {
      const { bind, turnUntil } = datagramWorld(descriptors, trigger);
      const inbound = new Inbound();
      const receiver = bind(inbound.handlers, { host: any });
      receiver.joinGroup(group, on);
      const sender = bind({}, { host: any });
      const to = { address: group, port: receiver.port };
      for (const loop of [false, true]) {
        sender.setMulticast({ ttl: 0, loop, interface: on as string });
        sender.send(`loop: ${loop}`, to);
      }
      turnUntil(() => inbound.messages.length > 0);
      expect(inbound.messages).toEqual(['loop: true']);
    },
  );

  it.each(GROUPS)('$family: joined for one source, another is not heard', ({ any, group, on }) => {
    const { bind, turnUntil } = datagramWorld(descriptors, trigger);
    const messages: string[] = [];
    let source = '';
    const message = (_: unknown, bytes: Buffer, from: SocketAddress) => {
      messages.push(bytes.toString());
      source = from.address;
    };
    const receiver = bind({ message }, { host: any });
    const sender = bind({}, { host: any });
    sender.setMulticast({ ttl: 0, loop: true, interface: on as string });
    const to = { address: group, port: receiver.port };
    receiver.joinGroup(group, on);
    sender.send('from all', to);
    turnUntil(() => messages.length === 1);
    receiver.leaveGroup(group, on);
    const other = any === '::' ? '2001:db8::1' : '192.0.2.1';
    receiver.joinGroup(group, on, other);
    sender.send('from another', to);
    receiver.joinGroup(group, on, source);
    expect(() => receiver.joinGroup(group, on, source)).toThrow(/EADDRINUSE|EADDRNOTAVAIL/);
    receiver.leaveGroup(group, on, other);
    sender.send('from the source', to);
    turnUntil(() => messages.length === 2);
    expect(messages).toEqual(['from all', 'from the source']);
    receiver.leaveGroup(group, on, source);
    expect(() => receiver.leaveGroup(group, on, source)).toThrow(/EINVAL|EADDRNOTAVAIL/);
  });

  it('wrong groups, interfaces and figures are typed errors', () => {
    const socket = datagramWorld(descriptors, trigger).bind({});
    expect(() => socket.joinGroup('10.0.0.1')).toThrow(code('EINVAL'));
    expect(() => socket.joinGroup('name')).toThrow(code('ERR_INVALID_ARG_VALUE'));
    expect(() => socket.joinGroup('239.1.1.1', 'nothing0')).toThrow(code('ERR_INVALID_ARG_VALUE'));
    expect(() => socket.joinGroup('232.1.1.1', undefined, 'ff02::1')).toThrow(
      code('ERR_INVALID_ARG_VALUE'),
    );
    expect(() => socket.joinGroup('ff32::1', undefined, HOST)).toThrow(
      code('ERR_INVALID_ARG_VALUE'),
    );
    expect(() => socket.joinGroup('232.1.1.1', undefined, 5 as never)).toThrow(
      code('ERR_INVALID_ARG_TYPE'),
    );
    expect(() => socket.setMulticast({ ttl: 256 })).toThrow(code('ERR_OUT_OF_RANGE'));
  });
});
