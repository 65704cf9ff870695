// Options of TCP: each is set and read back from the kernel, and what a system lacks is reported.
import { describe, expect, it } from 'vitest';
import { connect } from '../../../src/net/connect/connect.ts';
import { adoptListener, listen } from '../../../src/net/listen/listen.ts';
import { planTcpOptions, type TcpOptions } from '../../../src/net/socket/tcp.ts';
import { Reactor } from '../../../src/reactor/reactor.ts';
import * as sys from '../../../src/sys/index.ts';
import { must, useDescriptors } from '../../helpers/descriptors.ts';
import { codeOf, Recorder } from '../recorder.ts';

const { constants } = sys;
const TCP = constants.IPPROTO_TCP;
const SOCKET = constants.SOL_SOCKET;

interface Row {
  readonly options: TcpOptions;
  readonly level: number;
  readonly option: number | undefined;
  /** What getsockopt answers, or a test of it where the kernel has a word in it. */
  readonly expected: number | ((value: number) => boolean);
}

function row(
  options: TcpOptions,
  level: number,
  option: number | undefined,
  expected: Row['expected'],
): Row {
  return { options, level, option, expected };
}

const isSet = (value: number) => value !== 0; // the BSDs answer with the flag's own number
const probes = { idleSeconds: 61, intervalSeconds: 7, probeCount: 3 };

const CONNECTIONS: readonly Row[] = [
  row({ noDelay: true }, TCP, constants.TCP_NODELAY, isSet),
  row({ noDelay: false }, TCP, constants.TCP_NODELAY, 0),
  row({ keepAlive: true }, SOCKET, constants.SO_KEEPALIVE, isSet),
  row({ keepAlive: false }, SOCKET, constants.SO_KEEPALIVE, 0),
  row({ keepAlive: probes }, SOCKET, constants.SO_KEEPALIVE, isSet),
  row({ keepAlive: probes }, TCP, constants.TCP_KEEPIDLE ?? constants.TCP_KEEPALIVE, 61),
  row({ keepAlive: probes }, TCP, constants.TCP_KEEPINTVL, 7),
  row({ keepAlive: probes }, TCP, constants.TCP_KEEPCNT, 3),
  row({ userTimeoutMs: 1234 }, TCP, constants.TCP_USER_TIMEOUT, 1234),
  row({ cork: true }, TCP, constants.TCP_CORK ?? constants.TCP_NOPUSH, isSet),
  row({ cork: false }, TCP, constants.TCP_CORK ?? constants.TCP_NOPUSH, 0),
  row({ quickAck: true }, TCP, constants.TCP_QUICKACK, isSet),
  row({ quickAck: false }, TCP, constants.TCP_QUICKACK, 0),
  row({ notSentLowat: 4096 }, TCP, constants.TCP_NOTSENT_LOWAT, 4096),
  row({ receiveBufferSize: 20_000 }, SOCKET, constants.SO_RCVBUF, (size) => size >= 20_000),
  row({ sendBufferSize: 20_000 }, SOCKET, constants.SO_SNDBUF, (size) => size >= 20_000),
];

const LISTENERS: readonly Row[] = [
  row({ fastOpen: 5 }, TCP, constants.TCP_FASTOPEN, 5),
  // The kernel counts in retransmissions of the SYN+ACK and answers in seconds, rounded up.
  row({ deferAcceptSeconds: 3 }, TCP, constants.TCP_DEFER_ACCEPT, (seconds) => seconds >= 3),
  row({ incomingCpu: 0 }, SOCKET, constants.SO_INCOMING_CPU, 0),
];

const title = ({ options, level, option }: Row) =>
  [`${JSON.stringify(options)} (option ${option} of level ${level})`] as const;
const table = (rows: readonly Row[]) =>
  rows
    .filter(({ option }) => option !== undefined)
    .map((entry) => [...title(entry), entry] as const);

function read(fd: number, level: number, option: number | undefined): number {
  const value = new Int32Array(1);
  must(sys.getsockopt(fd, level, option as number, value));
  return value[0] as number;
}

function expectRow(fd: number, { level, option, expected }: Row): void {
  const value = read(fd, level, option);
  if (typeof expected === 'number') expect(value).toBe(expected);
  else expect(value).toSatisfy(expected);
}

function readLinger(fd: number): number[] {
  const bytes = new Int32Array(2);
  must(sys.getsockopt(fd, SOCKET, constants.SO_LINGER, bytes));
  return [...bytes];
}

describe('options of TCP', () => {
  const descriptors = useDescriptors();

  async function pair(tcp: { server?: TcpOptions; client?: TcpOptions } = {}) {
    const reactor = descriptors.using(new Reactor());
    reactor.attach();
    const [server, client] = [new Recorder(), new Recorder()];
    const listener = listen({
      host: '127.0.0.1',
      handlers: server.handlers,
      reactor,
      ...(tcp.server === undefined ? {} : { tcp: tcp.server }),
    });
    const connection = connect({
      host: '127.0.0.1',
      port: listener.port,
      handlers: client.handlers,
      reactor,
      ...(tcp.client === undefined ? {} : { tcp: tcp.client }),
    });
    await client.opened();
    return { connection, peer: await server.opened(), listener, client };
  }

  it.each(table(CONNECTIONS))('setOptions %s', async (_, entry) => {
    const { connection } = await pair();
    connection.setOptions(entry.options);
    expectRow(connection.fd, entry);
  });

  it.each(table(LISTENERS))('listen %s', async (_, entry) => {
    const reactor = descriptors.using(new Reactor());
    const listener = listen({ host: '127.0.0.1', handlers: {}, reactor, tcp: entry.options });
    expectRow(listener.fd, entry);
  });

  it('lingerSeconds', async () => {
    const { connection } = await pair();
    connection.setOptions({ lingerSeconds: 5 });
    expect(readLinger(connection.fd)).toEqual([1, 5]);
    connection.setOptions({ lingerSeconds: 0 });
    expect(readLinger(connection.fd)).toEqual([1, 0]);
    connection.setOptions({ lingerSeconds: false });
    expect(readLinger(connection.fd)).toEqual([0, 0]);
  });

  it('sets those of connect, those of listen, and noDelay unless set otherwise', async () => {
    const { connection, peer } = await pair({ server: { keepAlive: true }, client: probesOf() });
    expect(read(connection.fd, TCP, constants.TCP_NODELAY)).not.toBe(0);
    expect(read(connection.fd, TCP, constants.TCP_KEEPCNT)).toBe(3);
    expect(read(peer.fd, TCP, constants.TCP_NODELAY)).not.toBe(0);
    expect(read(peer.fd, SOCKET, constants.SO_KEEPALIVE)).not.toBe(0);
    const slow = await pair({ server: { noDelay: false }, client: { noDelay: false } });
    expect(read(slow.connection.fd, TCP, constants.TCP_NODELAY)).toBe(0);
    expect(read(slow.peer.fd, TCP, constants.TCP_NODELAY)).toBe(0);
  });

  it('listen: the listening socket has noDelay and hands it down', async () => {
    const { listener } = await pair();
    expect(read(listener.fd, TCP, constants.TCP_NODELAY)).not.toBe(0);
    const slow = await pair({ server: { noDelay: false } });
    expect(read(slow.listener.fd, TCP, constants.TCP_NODELAY)).toBe(0);
  });

  it('adoptListener: sets noDelay on each connection when the listening socket has it not', async () => {
    const reactor = descriptors.using(new Reactor());
    reactor.attach();
    const listening = descriptors.listener();
    const server = new Recorder();
    const { handlers } = server;
    const listener = adoptListener(sys.dup(listening.fd), { handlers, reactor });
    connect({ host: '127.0.0.1', port: listener.port, handlers: {}, reactor });
    const { fd } = await server.opened();
    expect(read(listener.fd, TCP, constants.TCP_NODELAY)).toBe(0);
    expect(read(fd, TCP, constants.TCP_NODELAY)).not.toBe(0);
  });

  it.each([
    ['the descriptor has a duplicate', (fd: number) => descriptors.dup(fd), {}],
    ['lingerSeconds is 0', () => undefined, { lingerSeconds: 0 }],
  ] as const)('an orderly end is one to the peer also when %s', async (_, prepare, options) => {
    const { connection, peer, client } = await pair();
    prepare(peer.fd);
    peer.setOptions(options);
    connection.end(); // the peer ends its side at once, and closes
    await client.called('close');
    expect(client.events).toEqual(['open', 'end', 'close']);
    expect(client.errors).toEqual([undefined]);
  });

  const missing = [...CONNECTIONS, ...LISTENERS].filter(({ option }) => option === undefined);
  it('throws ERR_OPTION_UNSUPPORTED for what this system does not have', () => {
    for (const { options } of missing) {
      const plan = () => planTcpOptions(options);
      expect(plan).toThrow(expect.objectContaining({ code: 'ERR_OPTION_UNSUPPORTED' }));
    }
    // A system without any of them, whatever this one has.
    const none = () => planTcpOptions({ quickAck: true }, { TCP_QUICKACK: undefined });
    expect(none).toThrow(expect.objectContaining({ code: 'ERR_OPTION_UNSUPPORTED' }));
  });

  it.each([
    [{ noDelay: 1 }],
    [{ keepAlive: 'yes' }],
    [{ keepAlive: { idleSeconds: 0 } }],
    [{ keepAlive: { probeCount: 128 } }],
    [{ receiveBufferSize: -1 }],
    [{ sendBufferSize: 1.5 }],
    [{ lingerSeconds: true }],
    [{ lingerSeconds: 32_768 }],
  ])('refuses %j before anything is set', async (wrong) => {
    const { connection } = await pair();
    const options = { noDelay: false, ...wrong } as unknown as TcpOptions;
    const set = () => connection.setOptions(options);
    expect(set).toThrow(expect.objectContaining({ code: expect.stringMatching(/^ERR_/) }));
    expect(read(connection.fd, TCP, constants.TCP_NODELAY)).not.toBe(0);
  });

  it('throws ENOTCONN while connecting, ERR_CLOSED afterwards, and what the kernel says', async () => {
    const reactor = descriptors.using(new Reactor());
    const connecting = connect({ host: '127.0.0.1', port: 1, handlers: {}, reactor });
    const set = () => connecting.setOptions({ noDelay: true });
    expect(set).toThrow(expect.objectContaining({ code: 'ENOTCONN' }));
    connecting.destroy();
    expect(set).toThrow(expect.objectContaining({ code: 'ERR_CLOSED' }));
    const { connection } = await pair();
    const listenOnly = () => connection.setOptions({ fastOpen: 5 });
    expect(listenOnly).toThrow(expect.objectContaining({ syscall: 'setsockopt' }));
    expect(codeOf(connection.error)).toBe(undefined);
  });
});

function probesOf(): TcpOptions {
  return { keepAlive: probes };
}
