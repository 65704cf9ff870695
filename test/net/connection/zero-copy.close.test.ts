// Zero-copy writes of connections that close before the kernel is done: the memory comes back when,
// and only when, nothing is sent from it any more; and no descriptor is left.
import { describe, expect, it } from 'vitest';
import { itUncut } from '../../helpers/cuts.ts';
import { countDescriptors, useDescriptors } from '../../helpers/descriptors.ts';
import { setLinger } from '../../helpers/linger.ts';
import { codeOf } from '../recorder.ts';
import { Done, isOffered, MEGABYTE, pattern, paused, zeroCopyWorld } from './zero-copy-world.ts';

describe.each(['level', 'edge'] as const)('%s: zero-copy writes that end early', (trigger) => {
  const descriptors = useDescriptors();
  const { start } = zeroCopyWorld(descriptors, trigger);

  itUncut(
    'destroyed while the kernel holds memory: the socket is kept until it is done',
    async () => {
      const { connection, server, client, peer } = await start(paused());
      const done = new Done();
      const bytes = pattern(16 * MEGABYTE);
      connection.writeZeroCopy(bytes, done.callback);
      const written = connection.bytesWritten;
      expect(written).toBeGreaterThan(0);
      const before = countDescriptors();
      connection.destroy();
      await client.called('close');
      if (isOffered) {
        expect(done.errors).toEqual([]);
        expect(countDescriptors()).toBe(before);
      }
      peer.resume();
      await done.called();
      await server.called('end');
      expect(server.received.equals(bytes.subarray(0, written))).toBe(true);
      expect(done.errors).toEqual(['ERR_CLOSED']);
    },
  );

  itUncut('all is handed over, then destroyed: no error', async () => {
    const { connection, server } = await start();
    const done = new Done();
    const bytes = pattern(20_000);
    connection.writeZeroCopy(bytes, done.callback);
    connection.destroy();
    await done.called();
    expect(done.errors).toEqual([undefined]);
    await server.called('end');
    expect(server.received.equals(bytes)).toBe(true);
  });

  it('the reactor is closed while the kernel holds memory: reset, and done', async () => {
    const { reactor, connection, server, peer } = await start(paused());
    const done = new Done();
    connection.writeZeroCopy(pattern(16 * MEGABYTE), done.callback);
    const before = countDescriptors();
    reactor.close();
    await done.called();
    expect(done.errors).toEqual(['ERR_CLOSED']);
    expect(countDescriptors()).toBeLessThan(before);
    peer.resume();
    await server.called('close');
  });

  it('closed, then its reactor is: the lingering socket goes too', async () => {
    const { reactor, connection } = await start(paused());
    const done = new Done();
    connection.writeZeroCopy(pattern(16 * MEGABYTE), done.callback);
    connection.destroy();
    reactor.close();
    await done.called();
    expect(done.errors).toEqual(['ERR_CLOSED']);
  });

  it('destroyed with lingerSeconds 0: reset, and done at once', async () => {
    const { connection, server, peer } = await start(paused());
    const done = new Done();
    connection.setOptions({ lingerSeconds: 0 });
    connection.writeZeroCopy(pattern(16 * MEGABYTE), done.callback);
    connection.destroy();
    await done.called(); // the peer does not read
    expect(done.errors).toEqual(['ERR_CLOSED']);
    peer.resume();
    await server.called('close');
    expect(server.errors.map(codeOf)).toEqual(['ECONNRESET']);
  });

  it('a reset by the peer: closed with its error, and done', async () => {
    const { connection, client, peer } = await start(paused());
    const done = new Done();
    connection.writeZeroCopy(pattern(16 * MEGABYTE), done.callback);
    setLinger(peer.fd);
    peer.destroy();
    await client.called('close');
    await done.called();
    expect(client.errors.map(codeOf)).toEqual(['ECONNRESET']);
    expect(done.errors).toEqual(['ECONNRESET']);
  });

  it('memory that is taken away while it waits closes the connection', async () => {
    const { connection, client, peer } = await start(paused());
    const done = new Done();
    connection.write(Buffer.alloc(16 * MEGABYTE));
    const bytes = new Uint8Array(100_000);
    connection.writeZeroCopy(bytes, done.callback);
    structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
    peer.resume();
    await client.called('close');
    expect(done.errors).toEqual(['ERR_INVALID_ARG_VALUE']);
    expect(client.errors.map(codeOf)).toEqual(['ERR_INVALID_ARG_VALUE']);
  });
});
