// The proactor: operations are started, and their completion is reported: "it has been read". The buffer
// belongs to the operation until then, so each connection needs one of its own.
import { Reactor } from 'edgewise';
import { type Descriptor, Proactor } from 'edgewise/proactor';
import * as sys from 'edgewise/sys';
import { listen } from './common.ts';

interface Client {
  readonly descriptor: Descriptor;
  readonly bytes: Uint8Array;
}

const reactor = new Reactor();
const proactor = new Proactor({ reactor });
const listener = proactor.open(listen('non-blocking'));
const PAUSE_MS = 100;

function accept(): void {
  listener.accept(onAccepted);
}

function onAccepted(error: Error | undefined, fd: number): void {
  if (error !== undefined) {
    reactor.setTimeout(accept, PAUSE_MS); // no descriptors left, mostly: clients wait in the queue
    return;
  }
  accept();
  const client = { descriptor: proactor.open(fd), bytes: new Uint8Array(4096) };
  client.descriptor.read(client.bytes, { data: client }, onRead);
}

function onRead(error: Error | undefined, count: number, client: Client): void {
  const isOver = error !== undefined || count === 0; // 0: it has sent its last
  if (isOver) hangUp(client);
  else client.descriptor.writeAll(client.bytes, { data: client, length: count }, onWritten);
}

function onWritten(error: Error | undefined, _count: number, client: Client): void {
  if (error !== undefined) hangUp(client);
  else client.descriptor.read(client.bytes, { data: client }, onRead);
}

function hangUp({ descriptor }: Client): void {
  descriptor.close(); // the Descriptor first: it borrows the number
  sys.close(descriptor.fd);
}

accept();
await reactor.run();
