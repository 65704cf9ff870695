// Connections and listeners while one call of the kernel fails.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'vitest';
import { connect } from '../../src/net/connect/connect.ts';
import type { Connection } from '../../src/net/connection/connection.ts';
import { listen } from '../../src/net/listen/listen.ts';
import { relay } from '../../src/net/relay/relay.ts';
import { Reactor } from '../../src/reactor/reactor.ts';
import type { KernelCall } from '../helpers/injection.ts';
import { type Program, type Report, sweep } from './sweep.ts';

const TURNS_MAX = 60;
const BULK = Buffer.alloc(1_000_000, 'x');

interface Kind {
  readonly path?: string;
  readonly trigger: 'level' | 'edge';
  readonly backend?: 'epoll' | 'poll' | 'select';
}

const reactorOf = ({ backend }: Kind, report: Report) =>
  new Reactor({
    ...(backend && { backend }),
    onError: (error) => void report.stray.push(error),
  });

function turns(reactor: Reactor, isDone: () => boolean): void {
  for (let i = 0; i < TURNS_MAX && !isDone(); i++) reactor.turn(20);
}

/** A client sends in bulk, stops reading for a while, and ends; the server echoes. */
function echo(kind: Kind): Program {
  return (report) => {
    const reactor = reactorOf(kind, report);
    const { path, trigger } = kind;
    const place = path === undefined ? { host: '127.0.0.1' } : { path };
    const open = new Set<Connection>();
    try {
      const listener = listen({
        ...place,
        reactor,
        trigger,
        highWaterMark: 1000,
        lowWaterMark: 500,
        onError: report.ended,
        handlers: {
          open: (connection) => void open.add(connection),
          data: (connection, bytes) => {
            if (!connection.isWriteEnded) connection.write(Buffer.from(bytes));
          },
          close: (connection, error) => {
            open.delete(connection);
            report.ended(error);
          },
        },
      });
      let received = 0;
      const client = connect({
        ...(path === undefined ? { ...place, port: listener.port } : { path }),
        reactor,
        trigger,
        handlers: {
          open: (connection) => {
            report.calls(() => connection.pause());
            report.calls(() => connection.write(BULK));
            report.calls(() => connection.resume());
          },
          data: (connection, bytes) => {
            received += bytes.length;
            if (received === BULK.length) connection.end();
          },
          close: (_connection, error) => report.ended(error),
        },
      });
      turns(reactor, () => client.isClosed && open.size === 0);
      report.expectEnd('the client', client.isClosed);
      report.expectEnd('the server', open.size === 0);
    } finally {
      reactor.close();
    }
  };
}

/** The server joins a connection with one that it makes to itself, and echoes on that. */
function relayed(kind: Kind, copy: boolean): Program {
  return (report) => {
    const reactor = reactorOf(kind, report);
    const open = new Set<Connection>();
    const own = {
      open: (connection: Connection) => void open.add(connection),
      close: (connection: Connection, error?: Error) => {
        open.delete(connection);
        report.ended(error);
      },
    };
    const { trigger } = kind;
    const common = { host: '127.0.0.1', reactor, trigger };
    try {
      const target = listen({
        ...common,
        onError: report.ended,
        handlers: {
          ...own,
          data: (connection, bytes) => void connection.write(Buffer.from(bytes)),
        },
      });
      const front = listen({
        ...common,
        onError: report.ended,
        handlers: {
          ...own,
          open: (near) => {
            own.open(near);
            near.pause();
            connect({
              ...common,
              port: target.port,
              handlers: {
                ...own,
                open: (far) => {
                  own.open(far);
                  if (near.isClosed) far.destroy();
                  else relay(near, far, { copy, handlers: { close: (_r, e) => report.ended(e) } });
                },
                close: (far, error) => {
                  own.close(far, error);
                  near.destroy();
                },
              },
            });
          },
        },
      });
      let received = 0;
      const client = connect({
        ...common,
        port: front.port,
        handlers: {
          open: (connection) => void connection.write(BULK),
          data: (connection, bytes) => {
            received += bytes.length;
            if (received === BULK.length) connection.end();
          },
          close: (_connection, error) => report.ended(error),
        },
      });
      turns(reactor, () => client.isClosed && open.size === 0);
      report.expectEnd('the client', client.isClosed);
      report.expectEnd('the relay', open.size === 0);
    } finally {
      reactor.close();
    }
  };
}

const CALLS: readonly KernelCall[] = [
  'epoll_ctl ADD',
  'epoll_ctl MOD',
  'epoll_ctl DEL',
  'socket',
  'bind',
  'listen',
  'connect',
  'accept',
  'getsockname',
  'getsockopt',
  'setsockopt',
  'shutdown',
  'recv',
  'send',
  'close',
];

const folder = mkdtempSync(join(tmpdir(), 'edgewise-'));
process.on('exit', () => rmSync(folder, { recursive: true }));

describe.each([
  ['TCP, level', { trigger: 'level' }],
  ['TCP, edge', { trigger: 'edge' }],
  ['TCP, poll', { trigger: 'level', backend: 'poll' }],
  ['TCP, select', { trigger: 'level', backend: 'select' }],
  ['Unix, edge', { trigger: 'edge', path: join(folder, 's') }],
] as const)('%s', (_name, kind) => {
  const isUnix = 'path' in kind;
  const calls = CALLS.filter((call) => !isUnix || (call !== 'setsockopt' && call !== 'getsockopt'));
  it.each(calls)('an echo survives each error of %s', async (call) => {
    await sweep(echo(kind), call);
  });
});

describe.each([
  ['by splice, level', { trigger: 'level' }, false],
  ['by a copy, edge', { trigger: 'edge' }, true],
] as const)('%s', (_name, kind, copy) => {
  const calls: readonly KernelCall[] = ['epoll_ctl ADD', 'epoll_ctl MOD', 'shutdown', 'close'];
  const moving: readonly KernelCall[] = copy ? ['recv', 'send'] : ['splice', 'pipe2'];
  it.each([...calls, ...moving])('a relay survives each error of %s', async (call) => {
    await sweep(relayed(kind, copy), call);
  });
});
