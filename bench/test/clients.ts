// Clients that check what comes back, by its SHA-256: over TCP as a whole, over UDP one by one.
import { createHash, randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setImmediate as nextLoopPass } from 'node:timers/promises';

const HOST = '127.0.0.1';
const PASSES_BETWEEN_READS = 3;

const sumOf = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** What was sent, and what came back. */
export interface Exchange {
  readonly sent: string;
  readonly received: string;
}

/** Sends `size` random bytes at once, reads as many, ends, and waits for the server's end. */
export async function exchange(port: number, size: number, slowly = false): Promise<Exchange> {
  const payload = randomBytes(size);
  const socket = connect({ host: HOST, port, noDelay: true });
  await once(socket, 'connect');
  const received = slowly ? readSlowly(socket, size) : readAll(socket, size);
  socket.write(payload);
  const sum = await received;
  socket.end();
  socket.resume();
  await once(socket, 'close');
  return { sent: sumOf(payload), received: sum };
}

function readAll(socket: Socket, size: number): Promise<string> {
  const hash = createHash('sha256');
  let count = 0;
  return new Promise((resolve, reject) => {
    socket.on('data', (bytes) => {
      hash.update(bytes);
      count += bytes.length;
      if (count >= size) resolve(hash.copy().digest('hex'));
    });
    socket.once('error', reject);
    socket.once('end', () => reject(new Error(`the end came after ${count} of ${size} bytes`)));
  });
}

/** So that the server meets a full socket again and again. */
function readSlowly(socket: Socket, size: number): Promise<string> {
  const received = readAll(socket, size);
  socket.on('data', async () => {
    socket.pause();
    for (let i = 0; i < PASSES_BETWEEN_READS; i++) await nextLoopPass();
    socket.resume();
  });
  return received;
}

/** Sends all of it, ends, and resolves when the server has ended too, with nothing sent back. */
export async function pour(port: number, size: number): Promise<number> {
  const socket = connect({ host: HOST, port });
  let count = 0;
  socket.on('data', (bytes) => {
    count += bytes.length;
  });
  socket.end(Buffer.alloc(size));
  await once(socket, 'close');
  return count;
}

/** Reads what the server sends without being asked, to its end. */
export async function download(port: number): Promise<string> {
  const hash = createHash('sha256');
  const socket = connect({ host: HOST, port });
  socket.on('data', (bytes) => hash.update(bytes));
  await once(socket, 'close');
  return hash.digest('hex');
}

/** Sends datagrams, each after the last one has come back. */
export async function exchangeDatagrams(port: number, sizes: readonly number[]): Promise<Exchange> {
  const socket = createSocket('udp4');
  const [sent, received] = [createHash('sha256'), createHash('sha256')];
  for (const size of sizes) {
    const payload = randomBytes(size);
    sent.update(payload);
    const answer = once(socket, 'message');
    socket.send(payload, port, HOST);
    const [bytes] = await answer;
    received.update(bytes);
  }
  socket.close();
  return { sent: sent.digest('hex'), received: received.digest('hex') };
}
