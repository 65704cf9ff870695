// Sockets that are handed over, and sockets that are adopted, while one call of the kernel fails.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'vitest';
import {
  adoptConnection,
  adoptDatagram,
  adoptListener,
  bindDatagram,
  type HandOver,
  listen,
  offerHandOver,
  Reactor,
  takeOver,
} from '../../src/index.ts';
import * as sys from '../../src/sys/index.ts';
import type { KernelCall } from '../helpers/injection.ts';
import { type Program, passes, type Report, sweep } from './sweep.ts';

const { AF_UNIX, SOCK_STREAM, SOCK_NONBLOCK } = sys.constants;
const HOST = '127.0.0.1';
/** Of a conversation: shorter than what counts as a hang. */
const TIMEOUT_MS = 1000;

function attached(report: Report): Reactor {
  const reactor = new Reactor({ onError: (error) => void report.stray.push(error) });
  reactor.attach();
  return reactor;
}

const folder = mkdtempSync(join(tmpdir(), 'edgewise-'));
process.on('exit', () => rmSync(folder, { recursive: true }));

/** The next process of this one, which takes both sockets over and confirms. */
async function succeed(report: Report, reactor: Reactor, path: string): Promise<void> {
  const next = await takeOver({ path, reactor, timeoutMs: TIMEOUT_MS });
  if (next === undefined) return;
  let isListening = false;
  for (const { fd, kind } of next.sockets) {
    try {
      if (kind === 'datagram') adoptDatagram(fd, { reactor, handlers: {} });
      else adoptListener(fd, { reactor, onError: report.ended, handlers: {} });
      isListening = true;
    } catch (error) {
      report.ended(error);
      sys.close(fd); // still ours
    }
  }
  if (isListening) await next.confirm();
  else next.close();
}

const handedOver: Program = async (report) => {
  const reactor = attached(report);
  const path = join(folder, 'offer');
  let offer: HandOver | undefined;
  try {
    const listener = listen({ host: HOST, reactor, onError: report.ended, handlers: {} });
    const socket = bindDatagram({
      host: HOST,
      reactor,
      handlers: { error: (_s, e) => report.ended(e) },
    });
    offer = offerHandOver({
      path,
      reactor,
      sockets: { listener, socket },
      confirmTimeoutMs: TIMEOUT_MS,
      handlers: {
        handedOver: () => undefined,
        failed: (_offer, error) => report.ended(error),
      },
    });
    let isTaken = false;
    succeed(report, reactor, path)
      .catch(report.ended)
      .finally(() => {
        isTaken = true;
      });
    await passes(() => isTaken);
    report.expectEnd('the take-over', isTaken);
    offer.close();
  } finally {
    reactor.close();
    rmSync(path, { force: true });
  }
};

const adopted: Program = async (report) => {
  const reactor = attached(report);
  const fds = new Int32Array(2);
  let open = 0;
  try {
    const result = sys.socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds);
    if (result < 0) throw new Error('no sockets');
    for (const fd of fds) {
      try {
        adoptConnection(fd, {
          reactor,
          handlers: {
            open: (connection) => void report.calls(() => connection.end('x')),
            close: (_connection, error) => {
              open--;
              report.ended(error);
            },
          },
        });
        open++;
      } catch (error) {
        report.ended(error);
        sys.close(fd); // still ours
      }
    }
    await passes(() => open === 0);
    report.expectEnd('the connections', open === 0);
  } finally {
    reactor.close();
  }
};

const COMMON: readonly KernelCall[] = [
  'epoll_ctl ADD',
  'epoll_ctl DEL',
  'getsockname',
  'getsockopt',
  'fcntl',
  'recv',
  'send',
  'shutdown',
  'close',
];

describe('a hand-over', () => {
  const calls: readonly KernelCall[] = [...COMMON, 'socket', 'bind', 'listen', 'connect', 'accept'];
  it.each(calls)('survives each error of %s', async (call) => {
    await sweep(handedOver, call);
  });
});

describe('adopted connections', () => {
  it.each(COMMON)('survive each error of %s', async (call) => {
    await sweep(adopted, call);
  });
});
