// The file of a Unix listener among processes that make, replace and remove it at the same moment.
import { type ChildProcess, execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { native } from '../../../src/native.ts';
import { listen } from '../../../src/net/listen/listen.ts';
import { Reactor } from '../../../src/reactor/reactor.ts';
import * as sys from '../../../src/sys/index.ts';
import { must, useDescriptors } from '../../helpers/descriptors.ts';

const WORKER = new URL('../../workers/listening-at.mjs', import.meta.url);
const PROCESSES = 3;
const ROUNDS = 100;
const LEAD_NS = 2_000_000n;

describe('the file of a Unix listener', () => {
  const descriptors = useDescriptors();

  function folder(): string {
    const path = mkdtempSync(join(tmpdir(), 'edgewise-path-'));
    onTestFinished(() => rmSync(path, { recursive: true }));
    return path;
  }

  /** As a process that was killed leaves it. */
  function leaveStale(path: string): void {
    const fd = descriptors.track(sys.socket(sys.constants.AF_UNIX, sys.constants.SOCK_STREAM));
    must(sys.bind(fd, { path }));
    descriptors.close(fd);
  }

  async function start(): Promise<ChildProcess> {
    const child = fork(WORKER);
    descriptors.using({ close: () => void child.kill() });
    await once(child, 'message');
    return child;
  }

  it('cannot be in what is no folder, such as a FIFO, which is not opened', () => {
    const reactor = descriptors.using(new Reactor());
    const fifo = join(folder(), 'fifo');
    execFileSync('mkfifo', [fifo]);
    const listening = () => listen({ path: join(fifo, 'a.sock'), reactor, handlers: {} });
    expect(listening).toThrow(expect.objectContaining({ code: 'ENOTDIR' }));
  });

  it('is removed by its path of before, wherever the process has gone to', () => {
    const reactor = descriptors.using(new Reactor());
    const [where, before] = [folder(), process.cwd()];
    onTestFinished(() => process.chdir(before));
    process.chdir(where);
    const listener = listen({ path: 'a.sock', reactor, handlers: {} });
    expect(readdirSync(where)).toEqual(['a.sock']);
    process.chdir(before);
    listener.close();
    expect(readdirSync(where)).toEqual([]);
  });

  it('is that of one process, whichever others make or replace it at that moment', async () => {
    const all = await Promise.all(Array.from({ length: PROCESSES }, start));
    const answers = async (message: object): Promise<string[]> => {
      const said = Promise.all(all.map((child) => once(child, 'message')));
      for (const child of all) child.send(message);
      return (await said).map(([answer]) => answer as string);
    };
    const where = folder();
    const wrong: string[][] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const path = join(where, `${round}`);
      if (round % 2 === 1) leaveStale(path);
      const atNs = String(process.hrtime.bigint() + LEAD_NS);
      const said = (await answers({ path, atNs })).toSorted();
      if (said.join() !== 'EADDRINUSE,EADDRINUSE,listens') wrong.push(said);
      await answers({});
    }
    expect(wrong).toEqual([]);
    expect(readdirSync(where)).toEqual([]); // neither locks nor sockets
  });

  it('is made although another program keeps a lock of its folder', () => {
    const where = folder();
    const lock = openSync(where, 'r');
    must(native.lockFile(lock));
    const reactor = descriptors.using(new Reactor());
    const listener = listen({ path: join(where, 'socket'), reactor, handlers: {} });
    closeSync(lock);
    listener.close();
    expect(readdirSync(where)).toEqual([]);
  });

  it('is not removed at the close when it is of another listener by then', () => {
    const path = join(folder(), 'socket');
    const reactor = descriptors.using(new Reactor());
    const first = listen({ path, reactor, handlers: {} });
    rmSync(path);
    const second = listen({ path, reactor, handlers: {} });
    first.close();
    const fd = descriptors.track(sys.socket(sys.constants.AF_UNIX, sys.constants.SOCK_STREAM));
    expect(sys.connect(fd, { path })).toBe(0);
    second.close();
  });

  it('has an error with a code for a path through a file, and one that is no socket stays', () => {
    const where = folder();
    writeFileSync(join(where, 'file'), 'stays');
    const reactor = descriptors.using(new Reactor());
    const at = (path: string) => () => listen({ path: join(where, path), reactor, handlers: {} });
    expect(at('file/socket')).toThrow(expect.objectContaining({ code: 'ENOTDIR' }));
    expect(at('none/socket')).toThrow(expect.objectContaining({ code: 'ENOENT' }));
    expect(at('file')).toThrow(expect.objectContaining({ code: 'EADDRINUSE' }));
    expect(readdirSync(where)).toEqual(['file']);
  });
});
