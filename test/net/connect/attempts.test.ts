// connect() with several addresses: what is left of the attempts when one has succeeded, and when
// the user's handler throws then.
import { describe, expect, it } from 'vitest';
import { type ConnectOptions, connect, type Resolve } from '../../../src/net/connect/index.ts';
import { listen } from '../../../src/net/listen/listen.ts';
import { Reactor } from '../../../src/reactor/reactor.ts';
import * as sys from '../../../src/sys/index.ts';
import { must, portOf, useDescriptors } from '../../helpers/descriptors.ts';
import { codeOf, Recorder } from '../recorder.ts';

const HOST = 'name.invalid';
const [FIRST, SECOND] = ['127.0.0.2', '127.0.0.3'];
const { AF_INET, SOCK_STREAM, SOCK_NONBLOCK } = sys.constants;
const STREAM = SOCK_STREAM | SOCK_NONBLOCK;

const resolve: Resolve = (_, callback) =>
  callback(null, [
    { address: FIRST, family: 4 },
    { address: SECOND, family: 4 },
  ]);

describe('the attempts of connect', () => {
  const descriptors = useDescriptors();

  function attached() {
    const errors: unknown[] = [];
    const reactor = descriptors.using(new Reactor({ onError: (error) => errors.push(error) }));
    reactor.attach();
    return { reactor, errors };
  }

  function serve(host: string, port = 0) {
    const server = new Recorder();
    const listener = listen({ host, port, handlers: server.handlers, reactor: attached().reactor });
    return { server, port: listener.port };
  }

  /** A listener with a full queue: it answers no SYN. */
  function silent(address: string, port = 0): number {
    const fd = descriptors.track(sys.socket(AF_INET, STREAM));
    must(sys.bind(fd, { address, port }));
    must(sys.listen(fd, 0));
    for (let i = 0; i < 3; i++) {
      const client = descriptors.track(sys.socket(AF_INET, STREAM));
      sys.connect(client, { address, port: portOf(fd) }); // EINPROGRESS
    }
    return portOf(fd);
  }

  function open(client: Recorder, options: Partial<ConnectOptions>) {
    const { reactor, errors } = attached();
    const { handlers } = client;
    const connection = connect({ host: HOST, resolve, handlers, ...options, reactor });
    return { reactor, errors, connection };
  }

  const thrower = () =>
    new Recorder({
      open: () => {
        throw new Error('mine');
      },
    });

  it('a handler that throws in `open` ends the attempts all the same', async () => {
    const { port, server } = serve(FIRST);
    serve(SECOND, port);
    const client = thrower();
    const limits = { attemptDelayMs: 10, timeoutMs: 60_000 };
    const { reactor, errors, connection } = open(client, { port, ...limits });
    await client.called('open');
    connection.unref();
    await reactor.run(); // neither the next address nor the deadline is waited for
    expect(client.events).toEqual(['open']);
    expect(errors).toEqual([new Error('mine')]);
    expect(reactor.registrationCount).toBe(1);
    expect(connection.isClosed).toBe(false);
    connection.destroy();
    await server.called('close');
  });

  it('a handler that throws in `open` leaves no slower attempt behind', async () => {
    const port = silent(FIRST);
    const { server } = serve(SECOND, port);
    const client = thrower();
    const { reactor, connection } = open(client, { port, attemptDelayMs: 10 });
    await client.called('open');
    const counted = new Promise<number>((settle) => {
      reactor.defer(() => settle(reactor.registrationCount));
    });
    expect(await counted).toBe(1);
    connection.destroy();
    await server.called('close');
  });

  it('with localPort the silent attempt makes room for the next', async () => {
    const port = silent(FIRST);
    const { server } = serve(SECOND, port);
    const client = new Recorder();
    const localPort = freePort();
    const { connection } = open(client, { port, localPort, attemptDelayMs: 10 });
    await client.called('open');
    expect(connection.remoteAddress?.address).toBe(SECOND);
    expect(connection.localAddress?.port).toBe(localPort);
    (await server.opened()).destroy(); // first: the port stays with the side that closes first
    await client.called('close');
  });

  it('with localPort it reports ETIMEDOUT of the attempt that made room', async () => {
    const port = silent(FIRST);
    const client = new Recorder();
    open(client, { port, localPort: freePort(), attemptDelayMs: 10 });
    await client.called('close');
    const { errors } = client.errors[0] as AggregateError;
    expect(errors.map(codeOf)).toEqual(['ETIMEDOUT', 'ECONNREFUSED']);
    expect(errors.map(({ address }) => address)).toEqual([FIRST, SECOND]);
  });

  function freePort(): number {
    const { fd, address } = descriptors.listener();
    descriptors.close(fd);
    return address.port as number;
  }
});
