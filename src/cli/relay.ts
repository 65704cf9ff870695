// `edgewise relay`: connects each client to a target, until a signal ends it.
import { isIP } from 'node:net';
import type { Connection, ConnectionHandlers, Relay, RelayHandlers } from '../index.ts';
import { countOf } from '../plural.ts';
import { UsageError } from './arguments.ts';
import type { Command } from './command.ts';

const TRIGGERS = ['level', 'edge'] as const;
const CONNECT_TIMEOUT_MS = 30_000;

interface Target {
  readonly host: string;
  readonly port: number;
}

interface RelayCommandOptions {
  readonly host: string;
  readonly port: number;
  readonly target: Target;
  readonly trigger: 'level' | 'edge';
  readonly copy: boolean;
}

/**
 * Parses the target.
 *
 * @throws UsageError - it is no `HOST:PORT` or `[ADDRESS]:PORT`.
 */
function parseTarget(text: string): Target {
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+)):([0-9]{1,5})$/.exec(text);
  const [, address, name, digits] = match ?? [];
  const host = address ?? name;
  const port = Number(digits);
  if (host === undefined || !(port >= 1 && port <= 65_535)) {
    throw new UsageError(`--target takes HOST:PORT or [ADDRESS]:PORT, not '${text}'`);
  }
  return { host, port };
}

/** Counts of the clients and their bytes. */
class Tally {
  clients = 0;
  failed = 0;
  bytesToTarget = 0;
  bytesToClients = 0;

  /** One line on standard error for each client that did not end in order. */
  fail(what: string, error: Error): void {
    this.failed++;
    process.stderr.write(`edgewise: ${what}: ${error.message.replaceAll('\n', ' ')}\n`);
  }

  add({ bytesToA, bytesToB }: Relay): void {
    this.bytesToClients += bytesToA;
    this.bytesToTarget += bytesToB;
  }

  toString(): string {
    const { clients, failed, bytesToTarget, bytesToClients } = this;
    const bytes = `${countOf(bytesToTarget, 'byte')} to the target and ${bytesToClients} back`;
    return `relayed ${countOf(clients, 'client')}, ${bytes}, ${failed} failed`;
  }
}

// A client's `data` is the connection to its target, and the other way round, until they are joined.
type Peer = Connection<Connection>;

// Loaded when it runs: --help works without the addon.
async function serve({ host, port, target, trigger, copy }: RelayCommandOptions): Promise<void> {
  const { connect, listen, Reactor, relay } = await import('../index.ts');
  const reactor = new Reactor();
  const tally = new Tally();
  const relayHandlers: RelayHandlers = {
    close(ended, error) {
      tally.add(ended);
      if (error !== undefined && !reactor.isClosed) tally.fail('relay', error);
    },
  };
  const targetHandlers: ConnectionHandlers<Connection> = {
    open(connection) {
      const client = connection.data;
      // One that has gone in the same turn: its own `close` is called behind this.
      if (client.isClosed) connection.destroy();
      else relay(client, connection, { handlers: relayHandlers, copy });
    },
    close(connection, error) {
      const client = connection.data;
      if (client.isClosed) return;
      if (error !== undefined) tally.fail(`target ${target.host}:${target.port}`, error);
      client.destroy();
    },
  };
  const clientHandlers: ConnectionHandlers<Connection> = {
    open(client: Peer) {
      tally.clients++;
      client.pause(); // its bytes wait in the kernel until the target is connected
      client.data = connect({
        ...target,
        trigger,
        reactor,
        timeoutMs: CONNECT_TIMEOUT_MS,
        handlers: targetHandlers,
      });
      client.data.data = client;
    },
    close(client) {
      client.data?.destroy(); // it was still connecting
    },
  };
  const listener = listen({ host, port, trigger, reactor, handlers: clientHandlers });
  const close = () => reactor.close();
  process.once('SIGINT', close);
  process.once('SIGTERM', close);
  process.stdout.write(`listening on ${listener.address}\n`);
  try {
    await reactor.run();
  } finally {
    process.off('SIGINT', close);
    process.off('SIGTERM', close);
    reactor.close();
    process.stdout.write(`${tally}\n`);
  }
}

export const relay: Command = {
  name: 'relay',
  summary: 'relays TCP clients to a target, until SIGINT or SIGTERM',
  description:
    'Connects each client to the target and moves the bytes both ways, on Linux without copying them ' +
    'through user space. Prints "listening on HOST:PORT" once it accepts, a line on standard error ' +
    'for each client that failed, and the counts when SIGINT or SIGTERM ends it with exit code 0.',
  options: {
    port: { value: 'N', help: 'the port to listen on; 0 takes a free one' },
    target: { value: 'HOST:PORT', help: 'the address that clients are connected to' },
    host: { value: 'ADDRESS', help: 'the numeric address to listen on', default: '127.0.0.1' },
    trigger: { value: TRIGGERS.join('|'), help: 'how readiness repeats', default: 'level' },
    copy: { help: 'copy through user space where that could be avoided' },
  },
  async run(options) {
    const host = options.text('host');
    if (isIP(host) === 0) throw new UsageError(`--host takes a numeric address, not '${host}'`);
    const port = options.integer('port', 0, 65535);
    const target = parseTarget(options.text('target'));
    const trigger = options.choice('trigger', TRIGGERS);
    await serve({ host, port, target, trigger, copy: options.has('copy') });
    return 0;
  },
};
