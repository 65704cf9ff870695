// `edgewise udp-echo`: an echo server for datagrams, until a signal ends it.
import { isIP } from 'node:net';
import { UsageError } from './arguments.ts';
import type { Command } from './command.ts';

const TRIGGERS = ['level', 'edge'] as const;

interface UdpEchoOptions {
  readonly host: string;
  readonly port: number;
  readonly trigger: 'level' | 'edge';
}

// Loaded when it runs: --help works without the addon.
async function serve({ host, port, trigger }: UdpEchoOptions): Promise<void> {
  const { Reactor } = await import('../reactor/index.ts');
  const { bindDatagram } = await import('../net/datagram/index.ts');
  const reactor = new Reactor();
  const socket = bindDatagram({
    host,
    port,
    trigger,
    reactor,
    handlers: {
      messages: (socket, batch, count) => void socket.sendMany(batch, count),
    },
  });
  const close = () => socket.close();
  process.once('SIGINT', close);
  process.once('SIGTERM', close);
  process.stdout.write(`listening on ${socket.address}\n`);
  try {
    await reactor.run();
  } finally {
    process.off('SIGINT', close);
    process.off('SIGTERM', close);
    reactor.close();
  }
}

export const udpEcho: Command = {
  name: 'udp-echo',
  summary: 'an echo server for UDP, until SIGINT or SIGTERM',
  description:
    'Sends each datagram back to where it came from. Prints "listening on HOST:PORT" once it is ' +
    'bound, and ends with exit code 0 on SIGINT or SIGTERM.',
  options: {
    port: { value: 'N', help: 'the port to bind; 0 takes a free one' },
    host: { value: 'ADDRESS', help: 'the numeric address to bind', default: '127.0.0.1' },
    trigger: { value: TRIGGERS.join('|'), help: 'how readiness repeats', default: 'level' },
  },
  async run(options) {
    const host = options.text('host');
    if (isIP(host) === 0) throw new UsageError(`--host takes a numeric address, not '${host}'`);
    const port = options.integer('port', 0, 65535);
    await serve({ host, port, trigger: options.choice('trigger', TRIGGERS) });
    return 0;
  },
};
