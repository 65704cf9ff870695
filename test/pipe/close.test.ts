// close, destroy and disposal of readers and writers of descriptors: in order with a time limit, or
// at once.
import { describe, expect, it } from 'vitest';
import { openReader } from '../../src/pipe/reader.ts';
import { openWriter } from '../../src/pipe/writer.ts';
import { Reactor } from '../../src/reactor/reactor.ts';
import * as sys from '../../src/sys/index.ts';
import { isCutToOneByte } from '../helpers/cuts.ts';
import { must, useDescriptors } from '../helpers/descriptors.ts';

/** More than a pipe takes. */
const LONG = Buffer.alloc(isCutToOneByte ? 128 << 10 : 4 << 20, 'x'); // more than a pipe holds

describe.each(['level', 'edge'] as const)('%s: an end of a pipe', (trigger) => {
  const descriptors = useDescriptors();

  function opened() {
    const reactor = descriptors.using(new Reactor());
    reactor.attach();
    const [from, to] = descriptors.pipe();
    const calls: string[] = [];
    const handlersOf = (name: string) => ({
      close: (_: unknown, error?: Error) => void calls.push(`${name} ${error?.message}`),
    });
    const common = { reactor, trigger };
    const reader = openReader(descriptors.release(from), {
      ...common,
      handlers: handlersOf('reader'),
    });
    const writer = openWriter(descriptors.release(to), {
      ...common,
      handlers: handlersOf('writer'),
    });
    return { reactor, reader, writer, calls };
  }

  it('close of a writer: all that was written leaves first', async () => {
    const { reader, writer } = opened();
    reader.pause();
    writer.write(LONG);
    const closed = writer[Symbol.asyncDispose]();
    expect(writer).toMatchObject({ isClosed: false, isWriteEnded: true });
    reader.resume();
    await closed;
    await reader[Symbol.asyncDispose]();
    expect(writer.bytesWritten).toBe(LONG.length);
  });

  it('close of a writer with a time limit: what no one reads is lost', async () => {
    const { reactor, reader, writer, calls } = opened();
    let isLate = false;
    reactor.setTimeout(() => (isLate = true), 10_000).unref();
    reader.pause();
    writer.write(LONG);
    writer.close();
    writer.close({ timeoutMs: 1 });
    await writer[Symbol.asyncDispose](); // without a limit: the earlier one stays
    expect(isLate).toBe(false);
    expect(calls).toEqual(['writer undefined']);
    expect(writer.bytesWritten).toBeLessThan(LONG.length);
    reader.destroy();
  });

  it('close with 0: at once, after what the pipe takes', async () => {
    const { reader, writer, calls } = opened();
    reader.pause();
    writer.write(LONG);
    writer.close({ timeoutMs: 0 });
    expect(writer).toMatchObject({ isClosed: true, fd: -1, writableLength: 0 });
    expect(calls).toEqual([]); // not inside the call
    reader.close();
    await Promise.all([writer[Symbol.asyncDispose](), reader[Symbol.asyncDispose]()]);
    expect(calls.sort()).toEqual(['reader undefined', 'writer undefined']);
    writer.close({ timeoutMs: 5 });
  });

  it('close with 0: a long list leaves, whatever the budget', async () => {
    const { reader, writer } = opened();
    writer.write(Array.from({ length: 2000 }, () => Buffer.from('x')));
    writer.close({ timeoutMs: 0 });
    expect(writer).toMatchObject({ isClosed: true, bytesWritten: 2000 });
    reader.destroy();
  });

  it('close while the reactor closes is close with 0', async () => {
    const { reactor, reader, writer, calls } = opened();
    reader.pause();
    let disposed: Promise<void> | undefined;
    const others = [...reactor.dependents];
    reactor.dependents.clear();
    reactor.dependents.add({
      close: () => {
        writer.write(LONG);
        disposed = writer[Symbol.asyncDispose]();
      },
    });
    for (const other of others) reactor.dependents.add(other);
    reactor.close();
    await disposed;
    expect(calls).toContain('writer undefined');
  });

  it('close of a writer that is unref’d: its time limit ends what no one reads', async () => {
    const { reactor, reader, writer } = opened();
    reader.pause();
    reader.unref();
    writer.write(LONG);
    writer.unref().close({ timeoutMs: 1 });
    reactor.detach();
    await reactor.run(); // as long as bytes wait
    expect(writer.isClosed).toBe(true);
    expect(writer.bytesWritten).toBeLessThan(LONG.length);
    reader.destroy();
  });

  it('close refuses what is not a time', () => {
    const { reader, writer } = opened();
    for (const timeoutMs of [-1, 0.5, '1']) {
      expect(() => writer.close({ timeoutMs: timeoutMs as number })).toThrow(
        expect.objectContaining({ code: expect.stringMatching(/^ERR_(OUT_OF_RANGE|INVALID_ARG)/) }),
      );
    }
    expect(writer.isWriteEnded).toBe(false);
    reader[Symbol.dispose]();
    writer[Symbol.dispose]();
    expect([reader.isClosed, writer.isClosed]).toEqual([true, true]);
  });

  it('reports what each close handler of one turn throws', async () => {
    const errors: unknown[] = [];
    const reactor = descriptors.using(new Reactor({ onError: (error) => void errors.push(error) }));
    const close = () => {
      throw new Error('mine');
    };
    const [from, to] = descriptors.pipe();
    openReader(must(sys.dup(from)), { reactor, trigger, handlers: { close } }).destroy();
    openWriter(must(sys.dup(to)), { reactor, trigger, handlers: { close } }).destroy();
    reactor.turn(0);
    expect(errors.map((error) => (error as Error).message)).toEqual(['mine', 'mine']);
  });
});
