// Readers and writers of pipes and of other descriptors that are no sockets, under level and edge.
import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type DescriptorReader, openReader, type ReaderOptions } from '../../src/pipe/reader.ts';
import { type DescriptorWriter, openWriter, type WriterOptions } from '../../src/pipe/writer.ts';
import { Reactor } from '../../src/reactor/reactor.ts';
import * as sys from '../../src/sys/index.ts';
import { isCutToOneByte, sendWhole, volume } from '../helpers/cuts.ts';
import { must, useDescriptors } from '../helpers/descriptors.ts';
import { codeOf } from '../net/recorder.ts';

const { constants } = sys;
const isLinux = process.platform === 'linux';
const PIPE_SIZE_MAX = isCutToOneByte ? 1 << 16 : 1 << 20; // what it has by itself, or at most

const hasPython = isLinux && spawnSync('python3', ['-c', 'import pty']).status === 0;
if (!hasPython) console.log('skipped: no pseudo-terminal, which is made by python3 on Linux');

/** What the handlers of a reader and a writer were called with, and promises of their ends. */
class Log {
  readonly calls: string[] = [];
  readonly chunks: Buffer[] = [];
  readonly closed: Promise<void>;
  drained: () => void = () => undefined;
  #close: () => void = () => undefined;

  constructor() {
    this.closed = new Promise((resolve) => {
      this.#close = resolve;
    });
  }

  get received(): Buffer {
    return Buffer.concat(this.chunks);
  }

  readonly reading = {
    data: (_: DescriptorReader, bytes: Buffer) => void this.chunks.push(Buffer.from(bytes)),
    end: () => void this.calls.push('end'),
    close: (_: DescriptorReader, error?: Error) => this.onClose(error),
  };

  readonly writing = {
    drain: () => {
      this.calls.push('drain');
      this.drained();
    },
    close: (_: DescriptorWriter, error?: Error) => this.onClose(error),
  };

  onClose(error?: Error): void {
    this.calls.push(`close ${codeOf(error) ?? 'in order'}`);
    this.#close();
  }
}

describe.each(['level', 'edge'] as const)('%s: descriptors', (trigger) => {
  const descriptors = useDescriptors();

  function attached(): Reactor {
    const reactor = descriptors.using(new Reactor());
    reactor.attach();
    return reactor;
  }

  // A pipe with ends that the reader and the writer own.
  function start(
    reading: Partial<ReaderOptions> = {},
    writing: Partial<WriterOptions> = {},
    reactor = attached(),
  ) {
    const fds = new Int32Array(2);
    must(sys.pipe(fds));
    const [from, to] = fds as unknown as [number, number];
    const [input, output] = [new Log(), new Log()];
    const common = { reactor, trigger };
    const reader = openReader(from, { ...common, handlers: input.reading, ...reading });
    const writer = openWriter(to, { ...common, handlers: output.writing, ...writing });
    return { reader, writer, input, output, reactor };
  }

  it('carry more than a pipe holds, to the last byte, and end', async () => {
    const { writer, input, output } = start();
    const sent = Buffer.alloc(isCutToOneByte ? 200_000 : 3_000_000, 'edgewise ');
    expect(writer.write(sent)).toBe(false);
    expect(writer.writableLength).toBeGreaterThan(0);
    writer.end('the end');
    await Promise.all([input.closed, output.closed]);
    expect(input.received.equals(Buffer.concat([sent, Buffer.from('the end')]))).toBe(true);
    expect(input.calls).toEqual(['end', 'close in order']);
    // Byte by byte the queue passes the low watermark before it is empty.
    const drained = isCutToOneByte ? ['drain'] : [];
    expect(output.calls).toEqual([...drained, 'close in order']);
    expect(writer.bytesWritten).toBe(sent.length + 7);
  });

  it('keep order among text, bytes and lists', async () => {
    const { writer, input } = start();
    writer.write('a');
    writer.write([Buffer.from('b'), Buffer.alloc(0), Buffer.from('c')]);
    writer.write(new Uint8Array(0));
    writer.end(Buffer.from('d'));
    await input.closed;
    expect(input.received.toString()).toBe('abcd');
  });

  it('call drain once the reader has caught up', async () => {
    const { reader, writer, input, output } = start();
    reader.pause();
    const drained = new Promise<void>((resolve) => {
      output.drained = resolve;
    });
    while (writer.write(Buffer.alloc(PIPE_SIZE_MAX)));
    reader.resume();
    await drained;
    expect(writer.writableLength).toBeLessThanOrEqual(16 * 1024);
    writer.end();
    await input.closed;
    expect(input.received.length).toBe(writer.bytesWritten);
    expect(output.calls).toEqual(['drain', 'close in order']);
  });

  it('keep a view of the data handler by copy', async () => {
    const reactor = attached();
    const second = start({}, {}, reactor);
    second.reader.pause();
    const forward = (_: DescriptorReader, bytes: Buffer) => void second.writer.write(bytes);
    const end = () => second.writer.end();
    const first = start({ handlers: { data: forward, end } }, {}, reactor);
    const sent = Buffer.alloc(PIPE_SIZE_MAX * 2);
    for (let at = 0; at < sent.length; at += 4) sent.writeUInt32LE(at, at);
    first.writer.end(sent);
    await first.output.closed;
    second.reader.resume();
    await second.input.closed;
    expect(second.input.received.equals(sent)).toBe(true);
  });

  it('report EPIPE once when the reader goes in the middle', async () => {
    const { reader, writer, output, input } = start();
    writer.write(Buffer.alloc(PIPE_SIZE_MAX * 2));
    reader.destroy();
    await Promise.all([output.closed, input.closed]);
    expect(output.calls).toEqual(['close EPIPE']);
    expect(input.calls).toEqual(['close in order']);
    expect(() => writer.write('x')).toThrow(expect.objectContaining({ code: 'ERR_CLOSED' }));
    expect(writer.fd).toBe(-1);
  });

  it('report EPIPE once when the reader goes and nothing is written', async () => {
    const { reader, output } = start();
    reader.destroy();
    await output.closed;
    expect(output.calls).toEqual(['close EPIPE']);
  });

  it('close beyond the hard cap', async () => {
    const { reader, writer, output } = start({}, { queueBytesMax: 1000 });
    reader.pause();
    expect(writer.write(Buffer.alloc(PIPE_SIZE_MAX * 2))).toBe(false);
    await output.closed;
    expect(output.calls).toEqual(['close ERR_WRITE_QUEUE_FULL']);
    reader.destroy();
  });

  it('refuse a write after end', () => {
    const { reader, writer } = start();
    reader.pause();
    writer.end(Buffer.alloc(PIPE_SIZE_MAX * 2));
    const code = expect.objectContaining({ code: 'ERR_WRITE_AFTER_END' });
    expect(() => writer.write('x')).toThrow(code);
    reader.destroy();
  });

  it('go on after a handler that throws', async () => {
    const thrown: unknown[] = [];
    const reactor = descriptors.using(new Reactor({ onError: (error) => thrown.push(error) }));
    reactor.attach();
    const input = new Log();
    const data = (reader: DescriptorReader, bytes: Buffer) => {
      input.reading.data(reader, bytes);
      throw new Error('the handler');
    };
    const end = () => {
      throw new Error('the end');
    };
    const { writer } = start({ handlers: { ...input.reading, data, end } }, {}, reactor);
    writer.end(Buffer.alloc(volume(100_000)));
    await input.closed;
    expect(input.received.length).toBe(volume(100_000));
    expect(String(thrown.at(-1))).toBe('Error: the end');
    expect(thrown.filter((error) => String(error) === 'Error: the end')).toHaveLength(1);
  });

  it('are closed with their reactor, and reported', async () => {
    const { reactor, input, output } = start();
    reactor.close();
    expect(input.calls).toEqual(['close ERR_CLOSED']);
    expect(output.calls).toEqual(['close ERR_CLOSED']);
  });

  it('close the descriptor of writers when the end is all that is left', async () => {
    const { writer, output, input } = start();
    writer.end();
    expect(writer.isClosed).toBe(true);
    expect(output.calls).toEqual([]); // no handler is called inside a call of the user's
    await Promise.all([output.closed, input.closed]);
    expect(output.calls).toEqual(['close in order']);
  });

  it('rest while nothing happens, paused with data waiting as well', async () => {
    const { reader, writer, reactor, input } = start();
    reader.pause();
    writer.write('waiting');
    await new Promise((resolve) => setImmediate(resolve));
    const before = reactor.stats.events;
    for (let pass = 0; pass < 20; pass++) await new Promise((resolve) => setImmediate(resolve));
    expect(reactor.stats.events - before).toBeLessThanOrEqual(1);
    writer.end();
    reader.resume();
    await input.closed;
    expect(input.received.toString()).toBe('waiting');
  });
});

describe('descriptors', () => {
  const descriptors = useDescriptors();
  const using = (reactor = new Reactor()) => descriptors.using(reactor);

  it('that are always ready are refused, and stay the caller’s', () => {
    const reactor = using();
    const file = openSync(new URL(import.meta.url), 'r');
    const none = openSync('/dev/null', 'r+');
    const refused = expect.objectContaining({ code: 'ERR_NOT_POLLABLE' });
    expect(() => openReader(file, { reactor, handlers: {} })).toThrow(refused);
    if (isLinux) expect(() => openWriter(none, { reactor, handlers: {} })).toThrow(refused);
    expect(must(sys.fcntl(file, constants.F_GETFL)) & constants.O_NONBLOCK).toBe(0);
    closeSync(file);
    closeSync(none);
  });

  it('are refused for the direction that they do not have', () => {
    const reactor = using();
    const [from, to] = descriptors.pipe();
    const refused = expect.objectContaining({ code: 'EBADF' });
    expect(() => openReader(to, { reactor, handlers: {} })).toThrow(refused);
    expect(() => openWriter(from, { reactor, handlers: {} })).toThrow(refused);
    expect(() => openReader(1_000_003, { reactor, handlers: {} })).toThrow(refused);
    expect(reactor.registrationCount).toBe(0);
  });

  it('that are taken over are non-blocking and close-on-exec', () => {
    const fds = new Int32Array(2);
    must(sys.pipe(fds));
    const [from, to] = fds as unknown as [number, number];
    descriptors.track(to);
    must(sys.fcntl(from, constants.F_SETFD, 0));
    const reader = openReader(from, { reactor: using(), handlers: {} });
    expect(must(sys.fcntl(from, constants.F_GETFL)) & constants.O_NONBLOCK).not.toBe(0);
    expect(sys.fcntl(from, constants.F_GETFD)).toBe(constants.FD_CLOEXEC);
    reader.destroy();
    expect(sys.errnoName(sys.fcntl(from, constants.F_GETFD))).toBe('EBADF');
  });

  it('that are borrowed keep their flags and stay open', async () => {
    const fds = new Int32Array(2);
    must(sys.pipe(fds));
    const [from, to] = fds as unknown as [number, number];
    descriptors.track(from);
    descriptors.track(to);
    const reactor = using();
    reactor.attach();
    const log = new Log();
    openReader(from, { reactor, handlers: log.reading, borrow: true });
    sendWhole(to, Buffer.from('borrowed'));
    descriptors.close(to);
    await log.closed;
    expect(log.received.toString()).toBe('borrowed');
    expect(log.calls).toEqual(['end', 'close in order']);
    expect(must(sys.fcntl(from, constants.F_GETFL)) & constants.O_NONBLOCK).toBe(0);
    const wrong = { reactor, handlers: {}, borrow: true, trigger: 'edge' } as const;
    const refused = expect.objectContaining({ code: 'ERR_OPTIONS_CONFLICT' });
    expect(() => openReader(from, wrong)).toThrow(refused);
  });

  it('of a FIFO are read, whichever process opens its other end', async () => {
    const path = join(tmpdir(), `edgewise-${process.pid}.fifo`);
    execFileSync('mkfifo', [path]);
    const from = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const to = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
    execFileSync('rm', [path]);
    const reactor = using();
    reactor.attach();
    const log = new Log();
    openReader(from, { reactor, handlers: log.reading });
    openWriter(to, { reactor, handlers: {} }).end('through the FIFO');
    await log.closed;
    expect(log.received.toString()).toBe('through the FIFO');
  });

  it.runIf(hasPython)('of a pseudo-terminal end when its other side is closed', () => {
    const worker = new URL('../workers/pty-reader.mjs', import.meta.url).pathname;
    const lines = [
      'import os, sys',
      'ours, theirs = os.openpty()',
      "os.write(theirs, b'last words')",
      'os.close(theirs)',
      'os.dup2(ours, 3)',
      'os.set_inheritable(3, True)',
      'os.execv(sys.argv[1], sys.argv[1:])',
    ];
    const args = ['-c', lines.join('\n'), process.execPath, worker];
    const said = execFileSync('python3', args, { encoding: 'utf8', timeout: 30_000 });
    expect(JSON.parse(said)).toEqual(['last words', 'end', 'in order']);
  });

  it.runIf(isLinux)('of a timer give its count', async () => {
    const reactor = using();
    reactor.attach();
    const timer = must(sys.timerfd_create(constants.CLOCK_MONOTONIC));
    const first = new Promise<Buffer>((resolve) => {
      const data = (reader: DescriptorReader, bytes: Buffer) => {
        resolve(Buffer.from(bytes));
        reader.destroy();
      };
      openReader(timer, { reactor, handlers: { data } });
    });
    must(sys.timerfd_settime(timer, 0, 1));
    expect((await first).readBigUInt64LE()).toBe(1n);
  });
});
