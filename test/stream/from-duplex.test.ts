// Streams of Node that are awaited: what their events say, in whatever order they come.
import { once } from 'node:events';
import { Duplex, PassThrough } from 'node:stream';
import { setImmediate as aTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { fromDuplex } from '../../src/stream/from-duplex.ts';
import { codeOf } from '../promises/pair.ts';

const TIMEOUT_MAX_MS = 0x7fffffff;

/** Nothing ever comes from it. */
function silentDuplex(write: (done: () => void) => void): Duplex {
  return new Duplex({ read: () => undefined, write: (_chunk, _encoding, done) => write(done) });
}

describe('fromDuplex', () => {
  it('reads an end that came before it', async () => {
    const stream = new PassThrough({ allowHalfOpen: true, autoDestroy: false });
    stream.end();
    stream.resume();
    await once(stream, 'end');
    expect(await codeOf(fromDuplex(stream).read())).toBe('resolved');
  });

  it('fails with an error that came before it', async () => {
    const stream = new PassThrough();
    stream.on('error', () => undefined);
    stream.destroy(Object.assign(new Error('gone'), { code: 'GONE' }));
    await new Promise((resolve) => stream.once('close', resolve));
    const awaited = fromDuplex(stream);
    expect(await codeOf(awaited.read())).toBe('GONE');
    expect(await codeOf(awaited.write('x'))).toBe('GONE');
    await awaited.close();
  });

  it('refuses a write after the end', async () => {
    const stream = new PassThrough();
    const awaited = fromDuplex(stream);
    await awaited.end('x');
    expect(await codeOf(awaited.write('y'))).toBe('ERR_WRITE_AFTER_END');
    expect(String(await awaited.read())).toBe('x');
  });

  it('closes within the time although the other side never ends', async () => {
    const stream = silentDuplex((done) => done());
    const awaited = fromDuplex(stream);
    await awaited.close({ timeoutMs: 10 });
    expect(awaited.isClosed).toBe(true);
    const broken = new PassThrough();
    const other = fromDuplex(broken);
    const closing = other.close();
    broken.destroy(new Error('in the middle'));
    expect(await codeOf(closing)).toBe('resolved');
  });

  it('takes lists, and gives end up with its signal', async () => {
    const held: (() => void)[] = [];
    const stream = silentDuplex((done) => held.push(done));
    const awaited = fromDuplex(stream);
    await awaited.write([Buffer.from('a'), Buffer.from('b')]);
    const abort = new AbortController();
    const ending = codeOf(awaited.end(undefined, { signal: abort.signal }));
    abort.abort(Object.assign(new Error('stop'), { code: 'STOP' }));
    expect(await ending).toBe('STOP');
    stream.destroy();
  });

  it('resolves a write that end comes behind, when both have left', async () => {
    const held: (() => void)[] = [];
    const stream = silentDuplex((done) => held.push(done));
    const awaited = fromDuplex(stream);
    const order: string[] = [];
    const writing = awaited.write(Buffer.alloc(1_000_000)).then(() => order.push('write'));
    const ending = awaited.end().then(() => order.push('end'));
    await aTurn();
    expect(order).toEqual([]);
    held[0]?.();
    await Promise.all([writing, ending]);
    expect(order.sort()).toEqual(['end', 'write']);
    stream.destroy();
  });

  it('rejects a write that is lost, although end came behind it', async () => {
    const stream = silentDuplex(() => undefined);
    const awaited = fromDuplex(stream);
    const lost = [awaited.write(Buffer.alloc(1_000_000)), awaited.end()].map(codeOf);
    await aTurn();
    stream.destroy();
    expect(await Promise.all(lost)).toEqual(['ERR_CLOSED', 'ERR_CLOSED']);
  });

  it('closes a stream that does not emit its close', async () => {
    const options = { emitClose: false, read: () => undefined };
    const write = (_chunk: unknown, _encoding: unknown, done: () => void) => done();
    const silent = new Duplex({ ...options, write });
    await fromDuplex(silent).close({ timeoutMs: 0 });
    expect(silent.destroyed).toBe(true);
    const ended = new Duplex({ ...options, write });
    const closing = fromDuplex(ended).close({ timeoutMs: TIMEOUT_MAX_MS }); // as soon as both sides have ended
    ended.push(null);
    await closing;
    expect(ended.destroyed).toBe(true);
  });
});
