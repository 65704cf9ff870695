// adoptConnection: sockets that exist already, under level and edge; which owner they have, and when.
import { describe, expect, it } from 'vitest';
import { adoptConnection } from '../../../src/net/inherit/adopt.ts';
import { Reactor } from '../../../src/reactor/reactor.ts';
import * as sys from '../../../src/sys/index.ts';
import { readWhole, sendWhole } from '../../helpers/cuts.ts';
import { must, useDescriptors } from '../../helpers/descriptors.ts';
import { codeOf, Recorder } from '../recorder.ts';

const { F_GETFD, F_GETFL, F_SETFL, O_NONBLOCK, FD_CLOEXEC, SHUT_WR } = sys.constants;

describe.each(['level', 'edge'] as const)('%s: adoptConnection', (trigger) => {
  const descriptors = useDescriptors();
  const ends = {
    TCP: () => descriptors.tcpPair(),
    Unix: () => descriptors.socketpair(),
  };

  function reactorOf(): Reactor {
    const reactor = descriptors.using(new Reactor());
    reactor.attach();
    return reactor;
  }

  it.each(['TCP', 'Unix'] as const)('serves what came before it, and ends: %s', async (family) => {
    const [ours, theirs] = ends[family]();
    sendWhole(theirs, Buffer.from('early'));
    must(sys.shutdown(theirs, SHUT_WR));
    const fd = must(sys.dup(ours));
    descriptors.close(ours);
    must(sys.fcntl(fd, F_SETFL, 0)); // blocking, as a stranger may have it
    const server = new Recorder({ data: (connection, bytes) => void connection.write(bytes) });
    const { handlers } = server;
    const connection = adoptConnection(fd, { handlers, trigger, reactor: reactorOf() });
    expect([connection.isConnecting, server.events]).toEqual([true, []]);
    connection.write('before: ');
    await server.called('close');
    expect([...new Set(server.events)]).toEqual(['open', 'data', 'end', 'close']);
    expect(readWhole(theirs, 13)).toBe('before: early');
  });

  it('makes it non-blocking and close-on-exec', () => {
    const [ours] = descriptors.socketpair();
    const fd = must(sys.dup(ours));
    must(sys.fcntl(fd, F_SETFL, 0));
    must(sys.fcntl(fd, sys.constants.F_SETFD, 0));
    adoptConnection(fd, { handlers: {}, trigger, reactor: reactorOf() });
    expect(sys.fcntl(fd, F_GETFD)).toBe(FD_CLOEXEC);
    expect(must(sys.fcntl(fd, F_GETFL)) & O_NONBLOCK).toBe(O_NONBLOCK);
  });

  it('closes it when it is destroyed, or its reactor closed, before it is open', async () => {
    const server = new Recorder();
    const { handlers } = server;
    const [one, two] = descriptors.socketpair();
    const reactor = reactorOf();
    const destroyed = adoptConnection(must(sys.dup(one)), { handlers, trigger, reactor });
    destroyed.destroy();
    await server.called('close');
    expect(server.errors).toEqual([undefined]);
    adoptConnection(must(sys.dup(two)), { handlers, trigger, reactor });
    reactor.close();
    expect(server.events).toEqual(['close', 'close']);
    expect(codeOf(server.errors[1])).toBe('ERR_CLOSED');
  });

  it('lets the reactor end, also when `open` throws', async () => {
    const [ours] = descriptors.socketpair();
    const reactor = descriptors.using(new Reactor({ onError: () => undefined }));
    const server = new Recorder({
      open: () => {
        throw new Error('from open');
      },
    });
    const { handlers } = server;
    const connection = adoptConnection(must(sys.dup(ours)), { handlers, trigger, reactor });
    let isOver = false;
    const over = reactor.run().then(() => {
      isOver = true;
    });
    await server.called('open');
    expect([connection.isConnecting, isOver]).toEqual([false, false]);
    connection.destroy();
    await over; // nothing is left to wait for
  });

  it('leaves to the caller what it refuses', () => {
    const { fd: listening } = descriptors.listener();
    const [reader] = descriptors.pipe();
    const { fd: datagrams } = descriptors.udp();
    const unconnected = descriptors.track(
      sys.socket(sys.constants.AF_INET, sys.constants.SOCK_STREAM),
    );
    const [left] = descriptors.socketpair();
    const [tcp] = descriptors.tcpPair();
    const reactor = reactorOf();
    const refused = (fd: number, more = {}) => {
      try {
        adoptConnection(fd, { handlers: {}, trigger, reactor, ...more });
      } catch (error) {
        return codeOf(error);
      }
      return 'nothing was thrown';
    };
    expect(refused(listening)).toBe('EINVAL');
    expect(refused(datagrams)).toBe('EINVAL');
    expect(refused(unconnected)).toBe('EINVAL');
    expect(refused(reader)).toBe('ENOTSOCK');
    expect(refused(0x7fffffff)).toBe('EBADF');
    expect(refused(-1)).toBe('ERR_OUT_OF_RANGE');
    expect(refused(left, { handlers: null })).toBe('ERR_INVALID_ARG_TYPE');
    const descriptor = { handlers: { descriptors: () => undefined }, receiveDescriptors: true };
    expect(refused(tcp, descriptor)).toBe('ERR_INVALID_ARG_VALUE');
    expect(reactor.dependents.size).toBe(0);
  });
});
