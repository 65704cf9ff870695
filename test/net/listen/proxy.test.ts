// listen({ proxyProtocol }): the header is read before the connection is anyone's, in whatever parts it
// comes; no byte behind it is lost; no handler sees a connection with a wrong one.
import { constants as os } from 'node:os';
import { describe, expect, it } from 'vitest';
import { listen } from '../../../src/net/listen/listen.ts';
import type { ListenOptions } from '../../../src/net/listen/listener.ts';
import { createServer } from '../../../src/node-net/index.ts';
import { listen as listenAwaited } from '../../../src/promises/index.ts';
import { Reactor } from '../../../src/reactor/reactor.ts';
import * as sys from '../../../src/sys/index.ts';
import { simulate } from '../../../src/testing/index.ts';
import { useDescriptors } from '../../helpers/descriptors.ts';
import { Random, seedOfRun } from '../../helpers/random.ts';
import { type Driven, driven, HOST, receiveResult, sendAll } from '../driven.ts';
import { codeOf, Recorder } from '../recorder.ts';
import { headerV2, SOURCE } from '../socket/proxy-headers.ts';

const { ECONNRESET } = os.errno;
const LINE = Buffer.from('PROXY TCP4 10.0.0.1 10.0.0.2 56324 443\r\n');
const HEADERS = { v1: LINE, v2: headerV2({ tlvs: [[0x01, 'h2']], hasChecksum: true }) };
const LOCALS = { v1: Buffer.from('PROXY UNKNOWN\r\n'), v2: headerV2({ command: 0x20, family: 0 }) };
const BODY = 'GET / HTTP/1.1\r\nHost: 10.0.0.2\r\n\r\n';
const VERSIONS = ['v1', 'v2'] as const;

describe.each(['level', 'edge'] as const)('%s', (trigger) => {
  const descriptors = useDescriptors();

  function start(options: Partial<ListenOptions>): Driven & { server: Recorder; codes: unknown[] } {
    const server = new Recorder();
    const codes: unknown[] = [];
    const onProxyError = (error: Error) => codes.push(codeOf(error));
    const reactorOptions = { lint: { throw: true, slowHandlerMs: 10_000 } };
    const all = { trigger, onProxyError, ...options };
    return { ...driven(descriptors, server, all, reactorOptions), server, codes };
  }

  describe.each(VERSIONS)('proxyProtocol %s', (version) => {
    const header = HEADERS[version];

    it('gives the connection the addresses of the header, and keeps the proxy visible', () => {
      const { server, turnUntil, dial, port, listener } = start({ proxyProtocol: version });
      const client = dial();
      sendAll(client, Buffer.concat([header, Buffer.from(BODY)])); // in one segment
      turnUntil(() => server.received.toString() === BODY);
      const connection = server.connections[0];
      expect(connection?.remoteAddress?.toJSON()).toEqual({ family: 'IPv4', ...SOURCE });
      expect(connection?.localAddress?.toString()).toBe('10.0.0.2:443');
      const own = new sys.SocketAddress();
      sys.getsockname(client, own);
      expect(connection?.peerAddress?.toString()).toBe(own.toString());
      expect(connection?.peerAddress?.port).not.toBe(port);
      expect(connection?.proxyHeader?.command).toBe('proxy');
      expect(connection?.bytesRead).toBe(BODY.length);
      expect(listener.stats).toMatchObject({ accepted: 1, opened: 1, rejected: 0 });
    });

    it('takes it cut at each byte, with all that follows in the second part', () => {
      const { reactor, server, turnUntil, dial } = start({ proxyProtocol: version });
      for (let cut = 1; cut <= header.length; cut++) {
        const client = dial();
        sendAll(client, header.subarray(0, cut));
        reactor.turn(0);
        const isOpen = () => server.count('open') === cut;
        expect(server.count('open'), `${cut} bytes`).toBe(cut === header.length ? cut : cut - 1);
        sendAll(client, Buffer.concat([header.subarray(cut), Buffer.from(BODY)]));
        turnUntil(() => isOpen() && server.receivedLength === cut * BODY.length);
        descriptors.close(client);
      }
      expect(server.received.toString()).toBe(BODY.repeat(header.length));
    });

    it('takes it byte by byte', () => {
      const { reactor, server, turnUntil, dial } = start({ proxyProtocol: version });
      const client = dial();
      for (const byte of [...header, ...Buffer.from(BODY)]) {
        sendAll(client, Uint8Array.of(byte));
        reactor.turn(0);
      }
      turnUntil(() => server.receivedLength === BODY.length);
      expect(server.received.toString()).toBe(BODY);
      expect(server.count('open')).toBe(1);
    });

    it('takes a proxy that speaks for itself: the addresses are those of the socket', () => {
      const { server, turnUntil, dial } = start({ proxyProtocol: version });
      const client = dial();
      sendAll(client, LOCALS[version]);
      turnUntil(() => server.count('open') === 1);
      const [connection] = server.connections;
      expect(connection?.remoteAddress?.toString()).toBe(connection?.peerAddress?.toString());
      expect(connection?.proxyHeader?.command).toBe(version === 'v1' ? 'unknown' : 'local');
    });

    it('resets one that begins otherwise, at its first wrong byte, and calls no handler', () => {
      const { listener, server, codes, turnUntil, dial } = start({ proxyProtocol: version });
      const wrong = [HEADERS[version === 'v1' ? 'v2' : 'v1'], Buffer.from('GET / HTTP/1.1\r\n')];
      const starts = [...wrong, header.subarray(1), Buffer.from('\0')];
      for (const [index, bytes] of starts.entries()) {
        const client = dial();
        sendAll(client, bytes);
        turnUntil(() => listener.stats.rejected === index + 1);
        expect(receiveResult(client)).toBe(-ECONNRESET);
        descriptors.close(client);
      }
      turnUntil(() => codes.length === starts.length);
      expect(new Set(codes)).toEqual(new Set(['ERR_PROXY_HEADER_INVALID']));
      expect(server.events).toEqual([]);
      expect(listener.isClosed).toBe(false);
    });

    it('refuses one that ends within it, at each byte', () => {
      const { listener, server, codes, turnUntil, dial } = start({ proxyProtocol: version });
      for (let cut = 0; cut < header.length; cut++) {
        const client = dial();
        if (cut > 0) sendAll(client, header.subarray(0, cut));
        sys.shutdown(client, sys.constants.SHUT_WR);
        turnUntil(() => listener.stats.rejected === cut + 1);
        descriptors.close(client);
      }
      turnUntil(() => codes.length === header.length);
      expect(server.events).toEqual([]);
    });

    it('ends one that is late, and takes the time of the header alone', () => {
      const options = { proxyProtocol: version, proxyTimeoutMs: 20 };
      const { listener, server, codes, turnUntil, dial } = start(options);
      const prompt = dial();
      sendAll(prompt, header);
      turnUntil(() => server.count('open') === 1);
      const client = dial();
      sendAll(client, header.subarray(0, header.length - 1));
      turnUntil(() => codes.length === 1);
      expect(codes).toEqual(['ERR_PROXY_HEADER_TIMEOUT']);
      expect(receiveResult(client)).toBe(-ECONNRESET);
      expect(listener.stats).toMatchObject({ rejected: 1, opened: 1, closed: 0 });
    });

    it('reports a reset of the peer as what it is', () => {
      const { codes, reactor, turnUntil, dial } = start({ proxyProtocol: version });
      const client = dial();
      sendAll(client, header.subarray(0, 3));
      reactor.turn(0);
      sys.setsockopt(
        client,
        sys.constants.SOL_SOCKET,
        sys.constants.SO_LINGER,
        Int32Array.of(1, 0),
      );
      descriptors.close(client);
      turnUntil(() => codes.length === 1);
      expect(codes).toEqual(['ECONNRESET']);
    });

    it('any bytes are a connection or an error, and no descriptor is left', () => {
      const { listener, server, turnUntil, dial } = start({ proxyProtocol: version });
      const random = new Random(seedOfRun());
      for (let round = 1; round <= 200; round++) {
        const bytes = Buffer.from(header);
        for (let changes = random.below(3); changes > 0; changes--) {
          bytes[random.below(bytes.length)] = random.below(256);
        }
        const client = dial();
        sendAll(client, bytes);
        sys.shutdown(client, sys.constants.SHUT_WR);
        turnUntil(() => listener.stats.rejected + server.count('close') === round);
        descriptors.close(client);
      }
      expect(server.count('open')).toBe(server.count('close'));
      expect(Math.min(listener.stats.rejected, server.count('open'))).toBeGreaterThan(0);
    });

    it('waits for a header that is under way when the listener closes', () => {
      const { listener, reactor, server, turnUntil, dial } = start({ proxyProtocol: version });
      const client = dial();
      sendAll(client, header.subarray(0, 9));
      reactor.turn(0);
      listener.close();
      sendAll(client, header.subarray(9));
      turnUntil(() => server.count('open') === 1);
      server.close();
      turnUntil(() => server.count('close') === 1);
      expect(reactor.dependents.size).toBe(0);
    });

    it.each(['the listener is destroyed', 'the reactor closes'])('drops it when %s', (what) => {
      const { listener, reactor, server, dial } = start({ proxyProtocol: version });
      const client = dial();
      sendAll(client, header.subarray(0, 9));
      reactor.turn(0);
      expect(listener.incomingCount).toBe(1);
      if (what === 'the reactor closes') reactor.close();
      else listener.destroy();
      expect(listener.incomingCount).toBe(0);
      expect(receiveResult(client)).toBe(-ECONNRESET);
      expect(server.events).toEqual([]);
    });
  });

  it('survives a client at its own address that is the largest header, and refuses a larger one', () => {
    const { listener, server, turnUntil, dial } = start({ proxyProtocol: 'v2' });
    const largest = headerV2({ tlvs: [[0xe0, 'x'.repeat(4096 - 16 - 12 - 3)]] });
    expect(largest).toHaveLength(4096);
    sendAll(dial(), largest);
    turnUntil(() => server.count('open') === 1);
    sendAll(dial(), headerV2({ tlvs: [[0xe0, 'x'.repeat(4096 - 16 - 12 - 2)]] }));
    turnUntil(() => listener.stats.rejected === 1);
  });

  it('without onProxyError a wrong client is counted, and reaches no one', () => {
    const errors: unknown[] = [];
    const reactor = descriptors.using(new Reactor({ onError: (error) => errors.push(error) }));
    const listener = listen({ host: HOST, reactor, trigger, proxyProtocol: 'v1', handlers: {} });
    const client = descriptors.track(sys.socket(sys.constants.AF_INET, sys.constants.SOCK_STREAM));
    sys.connect(client, { address: HOST, port: listener.port });
    sendAll(client, 'nonsense');
    while (listener.stats.rejected === 0) reactor.turn(-1);
    expect(errors).toEqual([]);
  });
});

describe('the rooms above', () => {
  const descriptors = useDescriptors();

  it('promises: accept resolves with the client of the header', async () => {
    const reactor = descriptors.using(new Reactor());
    reactor.attach();
    using listener = listenAwaited({ host: HOST, reactor, proxyProtocol: 'v2' });
    const client = descriptors.track(sys.socket(sys.constants.AF_INET, sys.constants.SOCK_STREAM));
    sys.connect(client, { address: HOST, port: listener.port });
    sendAll(client, HEADERS.v2);
    using connection = await listener.accept();
    expect(connection.remoteAddress?.address).toBe(SOURCE.address);
    expect(connection.raw.proxyHeader?.tlvs).toHaveLength(1);
  });

  it('edgewise/net: a socket has the addresses of the header', async () => {
    const reactor = descriptors.using(new Reactor());
    reactor.attach();
    const server = createServer({ reactor, proxyProtocol: 'v1' });
    const socket = await new Promise<{ remoteAddress?: string; remotePort?: number }>((resolve) => {
      server.on('connection', (accepted) => {
        const { remoteAddress, remotePort } = accepted;
        accepted.destroy();
        resolve({ remoteAddress, remotePort });
      });
      server.listen(0, HOST, () => {
        const { port } = server.address() as { port: number };
        const client = descriptors.track(
          sys.socket(sys.constants.AF_INET, sys.constants.SOCK_STREAM),
        );
        sys.connect(client, { address: HOST, port });
        sendAll(client, LINE);
      });
    });
    expect(socket).toEqual({ remoteAddress: SOURCE.address, remotePort: SOURCE.port });
    await new Promise((resolve) => server.close(resolve));
  });
});

describe('the simulated kernel', () => {
  it.each(VERSIONS)(
    '%s, cut and delayed in every way, late ones in virtual time',
    async (version) => {
      const faults = { delayMs: 20, cut: 0.5, shortReads: 0.3, interrupted: 0.2 };
      await simulate({ runs: 50, faults }, async (sim) => {
        const codes: unknown[] = [];
        const listener = listen({
          port: 7007,
          proxyProtocol: version,
          onProxyError: (error) => codes.push(codeOf(error)),
          handlers: {
            data: (connection, bytes) => void connection.write(bytes),
            open: (connection) => void connection.write(`${connection.remoteAddress}\n`),
          },
        });
        const client = await sim.connect(7007);
        client.write(HEADERS[version]);
        client.end('hello\n');
        expect(await client.text()).toBe(`${SOURCE.address}:${SOURCE.port}\nhello\n`);
        const late = await sim.connect(7007);
        late.write(HEADERS[version].subarray(0, 10));
        await sim.elapse('6s');
        expect(codes).toEqual(['ERR_PROXY_HEADER_TIMEOUT']);
        listener.close();
      });
    },
  );
});

describe('options', () => {
  const attempt = (options: object) => () => listen({ host: HOST, handlers: {}, ...options });

  it.each([
    [{ proxyProtocol: 'v3' }, 'ERR_INVALID_ARG_VALUE'],
    [{ proxyProtocol: 1 }, 'ERR_INVALID_ARG_VALUE'],
    [{ proxyProtocol: 'v1', proxyTimeoutMs: 0 }, 'ERR_OUT_OF_RANGE'],
    [{ proxyProtocol: 'v1', proxyTimeoutMs: '5' }, 'ERR_INVALID_ARG_TYPE'],
    [{ proxyProtocol: 'v1', onProxyError: {} }, 'ERR_INVALID_ARG_TYPE'],
  ])('%j is %s', (options, code) => {
    expect(attempt(options)).toThrow(expect.objectContaining({ code }));
  });
});
