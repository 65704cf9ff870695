// The memory that connections read into, when a handler takes it away or keeps a view of it.
import { describe, expect, it } from 'vitest';
import type { Connection } from '../../src/net/connection/connection.ts';
import { useDescriptors } from '../helpers/descriptors.ts';
import { driven, receiveAvailable, sendAll } from '../net/driven.ts';
import { codeOf, Recorder } from '../net/recorder.ts';

/** Memory of native code has no other way to be taken away; Node 20 has not even this. */
type Transferable = ArrayBuffer & { transfer?(): ArrayBuffer };
const canTransfer = 'transfer' in ArrayBuffer.prototype;

describe.each(['level', 'edge'] as const)('%s: views of what was read', (trigger) => {
  const descriptors = useDescriptors();

  function world(onData: (connection: Connection, bytes: Buffer) => void) {
    const server = new Recorder({ data: onData });
    const { turnUntil, dial } = driven(descriptors, server, { trigger });
    const peer = dial();
    turnUntil(() => server.count('open') === 1);
    return { server, turnUntil, peer };
  }

  if (!canTransfer) process.stdout.write('skipped: ArrayBuffer.transfer begins with Node 22\n');
  const title = 'one with memory that was transferred away is not taken for sent';
  it.runIf(canTransfer)(`${title} (Node 22)`, () => {
    const codes: (string | undefined)[] = [];
    const { server, turnUntil, peer } = world((connection, bytes) => {
      const copy = Buffer.from(bytes);
      if (codes.length === 0) (bytes.buffer as Transferable).transfer?.();
      try {
        connection.write(bytes);
        codes.push('written');
      } catch (error) {
        codes.push(codeOf(error));
        connection.write(copy);
      }
    });
    sendAll(peer, 'first');
    turnUntil(() => server.received.length === 5);
    sendAll(peer, 'second');
    turnUntil(() => server.received.length === 11);
    expect(codes).toEqual(['ERR_INVALID_ARG_VALUE', 'written']);
    expect(receiveAvailable(peer).toString()).toBe('firstsecond');
  });

  it.each(['write', 'writeZeroCopy'] as const)('one that %s has to keep is copied', (how) => {
    let doneCount = 0;
    const server = new Recorder({
      data: (connection, bytes) => {
        connection.cork(); // until the end of the turn, in which the other's bytes are read
        if (how === 'write') connection.write(bytes);
        else connection.writeZeroCopy(bytes, () => void doneCount++);
      },
    });
    const { turnUntil, dial } = driven(descriptors, server, { trigger });
    const [one, two] = [dial(), dial()];
    turnUntil(() => server.count('open') === 2);
    sendAll(one, 'to one');
    sendAll(two, 'to two');
    turnUntil(() => server.connections.every(({ bytesWritten }) => bytesWritten === 6));
    expect(receiveAvailable(one).toString()).toBe('to one');
    expect(receiveAvailable(two).toString()).toBe('to two');
    if (how === 'writeZeroCopy') turnUntil(() => doneCount >= 2);
  });
});
