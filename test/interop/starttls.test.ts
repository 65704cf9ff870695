// node:tls over sockets of edgewise/net beside the same over those of node:net: each program runs with
// either on both ends, and with one of each.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect as connectHttp2, createSecureServer } from 'node:http2';
import { createServer as createHttps } from 'node:https';
import nodeNet, { type AddressInfo, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls, TLSSocket } from 'node:tls';
import { describe, expect, it } from 'vitest';
import edgewiseNet from '../../src/node-net/index.ts';
import { defaultReactor } from '../../src/reactor/index.ts';
import { itUncut, volume } from '../helpers/cuts.ts';

const HOST = '127.0.0.1';
const fixture = (name: string) => readFileSync(new URL(name, import.meta.url));
const [key, cert] = [fixture('key.pem'), fixture('cert.pem')];
const LONG = Buffer.alloc(volume(3_000_000), 'edgewise ');
type Net = typeof nodeNet;

defaultReactor(); // its descriptors are no test's leak

/** The two ends of one program, and what it has seen. */
interface Ends {
  readonly log: string[];
  /** Listens, and calls back with each socket. */
  serve(onSocket: (socket: Socket) => void, options?: object): Promise<number>;
  dial(port: number): Socket;
}

function endsOf(server: Net, client: Net, trigger: string, cleanups: (() => void)[]): Ends {
  return {
    log: [],
    async serve(onSocket, options = {}) {
      const listener = server.createServer({ trigger, ...options } as object, (socket) => {
        socket.on('error', () => undefined);
        cleanups.push(() => socket.destroy());
        onSocket(socket);
      });
      cleanups.push(() => listener.close());
      listener.listen(0, HOST);
      await once(listener, 'listening');
      return (listener.address() as AddressInfo).port;
    },
    dial(port) {
      const socket = client.connect({ port, host: HOST, trigger } as nodeNet.TcpNetConnectOpts);
      socket.on('error', () => undefined);
      cleanups.push(() => socket.destroy());
      return socket;
    },
  };
}

function secured(socket: Socket, log?: (event: string) => void): TLSSocket {
  const secure = new TLSSocket(socket, { isServer: true, key, cert });
  secure.on('error', (error: NodeJS.ErrnoException) => log?.(`server ${error.code}`));
  return secure;
}

function dialed(socket: Socket, options: ConnectionOptions = {}): TLSSocket {
  const secure = connectTls({ socket, ca: cert, servername: 'localhost', ...options });
  secure.on('error', () => undefined);
  return secure;
}

async function lengthOf(stream: TLSSocket): Promise<number> {
  let length = 0;
  stream.on('data', (bytes: Buffer) => {
    length += bytes.length;
  });
  await once(stream, 'end');
  return length;
}

const closed = (socket: Socket) =>
  socket.closed ? undefined : new Promise((resolve) => socket.once('close', resolve));

/** Each answers what it has seen. */
const PROGRAMS: Readonly<Record<string, (ends: Ends) => Promise<unknown>>> = {
  'an answer that is longer than the question waits for, behind the end of the question': async (
    ends,
  ) => {
    const port = await ends.serve((socket) => {
      const secure = secured(socket, (event) => ends.log.push(event));
      secure.pipe(secure);
    });
    const client = dialed(ends.dial(port));
    client.end(LONG);
    const length = await lengthOf(client);
    await closed(client);
    return [length, client.errored, ends.log];
  },
  'the server ends first, and the client goes on': async (ends) => {
    const received = new Promise<number>((resolve) => {
      void ends
        .serve(
          (socket) => {
            const secure = secured(socket, (event) => ends.log.push(event));
            secure.end('bye');
            void lengthOf(secure).then(resolve);
          },
          { allowHalfOpen: true },
        )
        .then((port) => {
          const raw = ends.dial(port);
          raw.allowHalfOpen = true;
          const client = dialed(raw);
          client.on('end', () => client.end(LONG)).resume();
        });
    });
    return [await received, ends.log];
  },
  'STARTTLS after setEncoding, on both ends': async (ends) => {
    const port = await ends.serve((socket) => {
      socket.setEncoding('utf8').once('data', (line) => {
        ends.log.push(String(line));
        socket.write('ok\r\n');
        const secure = secured(socket);
        secure.on('data', (data) => secure.end(`secret ${data}`));
      });
    });
    const raw = ends.dial(port).setEncoding('utf8');
    raw.write('AUTH TLS\r\n');
    ends.log.push(String((await once(raw, 'data'))[0]));
    const client = dialed(raw);
    await once(client, 'secureConnect');
    client.write('hi');
    ends.log.push(String((await once(client, 'data'))[0]));
    await closed(client);
    return ends.log;
  },
  'STARTTLS beside a listener that stays: it gets nothing that is encrypted': async (ends) => {
    const port = await ends.serve((socket) => {
      socket.on('data', (data) => ends.log.push(`server ${data}`));
      socket.once('data', () => {
        socket.write('go');
        const secure = secured(socket);
        secure.pipe(secure);
      });
    });
    const raw = ends.dial(port);
    raw.on('data', (data) => ends.log.push(`client ${data}`));
    raw.write('start');
    await once(raw, 'data');
    const client = dialed(raw);
    client.end('secret');
    return [await lengthOf(client), ends.log];
  },
  'the addresses of the client': async (ends) => {
    const web = createHttps({ key, cert }, (request, response) => {
      const { remoteAddress, remotePort, remoteFamily, localPort, localAddress } = request.socket;
      const family = (request.socket.address() as AddressInfo).family;
      const ports = [remotePort === client.localPort, localPort === client.remotePort];
      response.end(JSON.stringify([remoteAddress, remoteFamily, localAddress, family, ports]));
    });
    const port = await ends.serve((socket) => web.emit('connection', socket));
    const client = dialed(ends.dial(port));
    await once(client, 'secureConnect');
    client.setNoDelay(true).setKeepAlive(true, 2000).unref().ref();
    client.write('GET / HTTP/1.0\r\n\r\n');
    const { remoteAddress, localAddress, remotePort } = client;
    let text = '';
    for await (const chunk of client) text += chunk;
    return [text.split('\r\n\r\n')[1], remoteAddress, localAddress, remotePort === port];
  },
  'a socket that is wrapped before it is connected': async (ends) => {
    const port = await ends.serve((socket) => secured(socket).end('hello'));
    const client = dialed(ends.dial(port));
    return [await lengthOf(client), client.authorized];
  },
  'ALPN and SNI of an HTTP/2 server': async (ends) => {
    const web = createSecureServer({ key, cert });
    web.on('stream', (stream) => {
      const socket = stream.session?.socket as TLSSocket;
      const { alpnProtocol, servername, remoteAddress } = socket;
      stream.respond();
      stream.end(JSON.stringify([alpnProtocol, servername, remoteAddress]));
    });
    const port = await ends.serve((socket) => web.emit('connection', socket));
    const session = connectHttp2('https://localhost', {
      createConnection: () => dialed(ends.dial(port), { ALPNProtocols: ['h2'] }),
    });
    session.on('error', () => undefined);
    const request = session.request({ ':path': '/' });
    let text = '';
    for await (const chunk of request) text += chunk;
    session.close();
    await once(session, 'close');
    return text;
  },
  'a silence is reported through it': async (ends) => {
    const port = await ends.serve((socket) => secured(socket).resume());
    const client = dialed(ends.dial(port));
    await once(client, 'secureConnect');
    client.setTimeout(20);
    await once(client, 'timeout');
    return client.destroyed;
  },
  'the server destroys it in the middle': async (ends) => {
    const port = await ends.serve((socket) => {
      const secure = secured(socket);
      secure.once('data', () => secure.destroy());
    });
    const raw = ends.dial(port);
    const client = dialed(raw);
    client.write(LONG);
    client.resume();
    await closed(client);
    await closed(raw);
    return [client.destroyed, raw.destroyed];
  },
  'the client destroys it in the middle': async (ends) => {
    const ended = new Promise((resolve) => {
      void ends
        .serve((socket) => {
          const secure = secured(socket);
          secure.write(LONG);
          secure.resume().on('close', () => resolve([secure.destroyed, socket.destroyed]));
        })
        .then((port) => {
          const client = dialed(ends.dial(port));
          client.once('data', () => client.destroy());
        });
    });
    return ended;
  },
  'a peer that ends without saying so to TLS': async (ends) => {
    let raw: Socket | undefined;
    const ended = new Promise((resolve) => {
      void ends
        .serve((socket) => {
          const secure = secured(socket, (event) => ends.log.push(event));
          socket.on('error', (error: NodeJS.ErrnoException) => ends.log.push(`raw ${error.code}`));
          secure.on('data', (data) => {
            ends.log.push(String(data));
            raw?.end();
          });
          secure.on('end', () => ends.log.push('end'));
          secure.on('close', () => resolve([ends.log, secure.destroyed, socket.destroyed]));
        })
        .then((port) => {
          raw = ends.dial(port);
          dialed(raw).write('some');
        });
    });
    return ended;
  },
  'a session is resumed': async (ends) => {
    const port = await ends.serve((socket) => {
      const secure = secured(socket);
      secure.write('x');
      secure.resume();
    });
    const options: ConnectionOptions = { maxVersion: 'TLSv1.2' };
    const first = dialed(ends.dial(port), options);
    const [session] = (await once(first, 'session')) as [Buffer];
    first.destroy();
    const second = dialed(ends.dial(port), { ...options, session });
    await once(second, 'secureConnect');
    return [first.isSessionReused(), second.isSessionReused()];
  },
};

async function outcome(
  program: string,
  server: Net,
  client: Net,
  trigger: string,
): Promise<unknown> {
  const cleanups: (() => void)[] = [];
  try {
    return await PROGRAMS[program]?.(endsOf(server, client, trigger, cleanups));
  } finally {
    for (const clean of cleanups.reverse()) clean();
  }
}

/** Those that take one chunk for a whole command. */
const UNCUT = [
  'STARTTLS after setEncoding, on both ends',
  'STARTTLS beside a listener that stays: it gets nothing that is encrypted',
];

describe.each(['level', 'edge'])('%s: node:tls over either', (trigger) => {
  const compared = async (program: string) => {
    const ours = edgewiseNet as unknown as Net;
    const expected = await outcome(program, nodeNet, nodeNet, trigger);
    expect(expected).toBeDefined();
    expect(await outcome(program, ours, nodeNet, trigger)).toEqual(expected);
    expect(await outcome(program, nodeNet, ours, trigger)).toEqual(expected);
    expect(await outcome(program, ours, ours, trigger)).toEqual(expected);
  };

  for (const program of Object.keys(PROGRAMS)) {
    (UNCUT.includes(program) ? itUncut : it)(program, () => compared(program));
  }
});
