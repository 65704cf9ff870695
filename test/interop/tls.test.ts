// node:tls on both ends, https over it, and ssh2 on both ends.
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect as connectTls, TLSSocket } from 'node:tls';
import { Client, Server } from 'ssh2';
import { expect, it } from 'vitest';
import { fromDuplex } from '../../src/stream/from-duplex.ts';
import { isCutToOneByte, volume } from '../helpers/cuts.ts';
import { closed, eachTriggerOf, type Sides, textOf } from './sides.ts';

const fixture = (name: string) => readFileSync(new URL(name, import.meta.url));
const key = fixture('key.pem');
const cert = fixture('cert.pem');
const LONG = Buffer.alloc(volume(1_500_000), 'edgewise ');

function serveTls({ serve }: Sides, onSecure: (socket: TLSSocket) => void): number {
  return serve((stream) => {
    const socket = new TLSSocket(stream, { isServer: true, key, cert });
    socket.on('error', () => undefined); // a test that wants to know looks at the client
    onSecure(socket);
  });
}

async function dialTls({ dial }: Sides, port: number): Promise<TLSSocket> {
  const socket = connectTls({ socket: dial(port), ca: cert, servername: 'localhost' });
  await once(socket, 'secureConnect');
  return socket;
}

eachTriggerOf('node:tls', (sides) => {
  it('shakes hands, carries bytes both ways, and ends in order', async () => {
    const port = serveTls(sides, (socket) => socket.pipe(socket));
    const socket = await dialTls(sides, port);
    expect(socket.authorized).toBe(true);
    socket.end(LONG);
    const received: Buffer[] = [];
    for await (const chunk of socket) received.push(chunk);
    expect(Buffer.concat(received).equals(LONG)).toBe(true);
    await closed(socket);
  });

  it('is awaited like a connection by fromDuplex', async () => {
    const port = serveTls(sides, (socket) => socket.pipe(socket));
    await using connection = fromDuplex(await dialTls(sides, port));
    await connection.write('one\ntwo\nrest');
    expect(String(await connection.readUntil('\n'))).toBe('one\n');
    expect(String(await connection.readUntil('\n'))).toBe('two\n');
    expect(String(await connection.readExactly(4))).toBe('rest');
    await connection.end();
    expect(await connection.read()).toBeNull();
  });

  it('fails at the client with a certificate that it does not know', async () => {
    const port = serveTls(sides, () => undefined);
    const socket = connectTls({ socket: sides.dial(port), servername: 'localhost' });
    const [error] = await once(socket, 'error');
    expect(error).toMatchObject({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
    await closed(socket);
  });
});

// It does not read a name that comes byte by byte, over streams of Node's own neither.
if (isCutToOneByte) process.stdout.write('skipped: ssh2 wants its first line in one piece\n');

eachTriggerOf('ssh2', (sides) => {
  it.skipIf(isCutToOneByte)('runs a command', async () => {
    const { privateKey } = generateKeyPairSync('rsa', {
      modulusLength: 2048,
      privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
      publicKeyEncoding: { type: 'pkcs1', format: 'pem' },
    });
    const server = new Server({ hostKeys: [privateKey] }, (client) => {
      client.on('error', () => undefined);
      client.on('authentication', (context) => context.accept());
      client.on('session', (acceptSession) => {
        acceptSession().on('exec', (acceptExec, _reject, { command }) => {
          const channel = acceptExec();
          channel.write(`ran ${command}`);
          channel.exit(7);
          channel.end();
        });
      });
    });
    const port = sides.serve((stream) => server.injectSocket(stream as never));
    const client = new Client();
    client.connect({ sock: sides.dial(port), username: 'user', password: 'word' });
    await once(client, 'ready');
    // Output and exit may come in one piece: they are listened for at once.
    const { text, exited } = await new Promise<{
      text: Promise<string>;
      exited: Promise<unknown[]>;
    }>((resolve, reject) =>
      client.exec('date', (error, channel) => {
        if (error !== undefined) reject(error);
        else resolve({ text: textOf(channel), exited: once(channel, 'exit') });
      }),
    );
    expect(await text).toBe('ran date');
    expect((await exited)[0]).toBe(7);
    client.end();
    await once(client, 'close');
  });
});
