// `edgewise echo`: an echo server on one of the APIs of this package, until a signal ends it.
import { isIP } from 'node:net';
import type { Backend, Trigger } from '../poller/index.ts';
import { type Options, UsageError } from './arguments.ts';
import type { Command } from './command.ts';
import type { EchoOptions, EchoServer, EchoTrigger, StartEcho } from './echo-server.ts';

// Loaded when chosen: --help and the other commands work without the addon.
const APIS: Readonly<Record<string, () => Promise<StartEcho>>> = {
  reactor: async () => (await import('./echo-reactor.ts')).startReactorEcho,
  batch: async () => (await import('./echo-batch.ts')).startBatchEcho,
  handlers: async () => (await import('./echo-handlers.ts')).startHandlersEcho,
  promises: async () => (await import('./echo-promises.ts')).startPromisesEcho,
  stream: async () => (await import('./echo-stream.ts')).startStreamEcho,
  proactor: async () => (await import('./echo-proactor.ts')).startProactorEcho,
  net: async () => (await import('./echo-net.ts')).startNetEcho,
};

const STRATEGIES = ['acceptor', 'reusePort', 'exclusive'] as const;
const REACTORS_MAX = 1024;
const BUSY_POLL_US_MAX = 1_000_000;
/** A list of its own: the poller's loads the addon, and help works without. */
const BACKENDS: readonly Backend[] = ['epoll', 'kqueue', 'poll', 'select'];
const TRIGGERS: readonly EchoTrigger[] = ['level', 'edge'];

// An option that this platform lacks is refused here, before anything is opened.
async function checkAvailable(
  backend: Backend | undefined,
  trigger: Trigger,
  busyPolls: boolean,
): Promise<void> {
  const { Poller } = await import('../poller/index.ts');
  const chosen = backend ?? Poller.preferredBackend;
  if (!Poller.backends.includes(chosen)) {
    const names = Poller.backends.join(', ');
    throw new UsageError(
      `--backend ${chosen} is unavailable on this platform; available: ${names}`,
    );
  }
  if (!Poller.capabilitiesOf(chosen).triggers.includes(trigger)) {
    throw new UsageError(`--trigger ${trigger} is unavailable with the back-end ${chosen}`);
  }
  if (busyPolls && !Poller.capabilitiesOf(chosen).busyPoll) {
    throw new UsageError(`--busy-poll is unavailable here with the back-end ${chosen}`);
  }
}

async function startPool(chosen: EchoOptions, options: Options): Promise<EchoServer> {
  const reactors = options.integer('reactors', 1, REACTORS_MAX);
  const strategy = options.has('strategy') ? options.choice('strategy', STRATEGIES) : 'acceptor';
  const api = options.has('api') ? options.text('api') : 'handlers';
  if (api !== 'handlers') throw new UsageError(`--api ${api} does not work with --reactors`);
  if (chosen.backend !== undefined) throw new UsageError('--backend does not work with --reactors');
  if (chosen.busyPollUs !== undefined) {
    throw new UsageError('--busy-poll does not work with --reactors');
  }
  const { startPoolEcho } = await import('./echo-pool.ts');
  return startPoolEcho({ ...chosen, reactors, strategy });
}

async function serve(server: EchoServer, host: string): Promise<void> {
  const close = () => server.close();
  process.once('SIGINT', close);
  process.once('SIGTERM', close);
  const shown = host.includes(':') ? `[${host}]` : host;
  process.stdout.write(`listening on ${shown}:${server.port}\n`);
  try {
    await server.done;
  } finally {
    process.off('SIGINT', close);
    process.off('SIGTERM', close);
  }
}

export const echo: Command = {
  name: 'echo',
  summary: 'an echo server, until SIGINT or SIGTERM',
  description:
    'Sends back what each client sends. Prints "listening on HOST:PORT" once it accepts, and ends ' +
    'with exit code 0 on SIGINT or SIGTERM.',
  options: {
    port: { value: 'N', help: 'the port to listen on; 0 takes a free one' },
    host: { value: 'ADDRESS', help: 'the numeric address to listen on', default: '127.0.0.1' },
    api: {
      value: Object.keys(APIS).join('|'),
      help: 'the API that serves (default: reactor; with --reactors: handlers)',
    },
    trigger: { value: TRIGGERS.join('|'), help: 'how readiness repeats', default: 'level' },
    reactors: { value: 'N', help: 'count of threads that serve, with the handlers API' },
    strategy: {
      value: STRATEGIES.join('|'),
      help: 'how connections reach the threads (default: acceptor)',
    },
    backend: {
      value: BACKENDS.join('|'),
      help: 'the kernel mechanism (default: the best one of this platform)',
    },
    'busy-poll': {
      value: 'US',
      help: 'microseconds that a wait looks at the queues of network devices before it sleeps',
    },
  },
  async run(options) {
    const host = options.text('host');
    if (isIP(host) === 0) throw new UsageError(`--host takes a numeric address, not '${host}'`);
    const port = options.integer('port', 0, 65535);
    const trigger = options.choice('trigger', TRIGGERS);
    const api = options.has('api') ? options.choice('api', Object.keys(APIS)) : 'reactor';
    const backend = options.has('backend') ? options.choice('backend', BACKENDS) : undefined;
    if (options.has('strategy') && !options.has('reactors')) {
      throw new UsageError('--strategy needs --reactors');
    }
    const isBusy = options.has('busy-poll');
    await checkAvailable(backend, trigger, isBusy);
    const chosen = {
      host,
      port,
      trigger,
      ...(backend === undefined ? {} : { backend }),
      ...(isBusy && { busyPollUs: options.integer('busy-poll', 1, BUSY_POLL_US_MAX) }),
    };
    const server = options.has('reactors')
      ? await startPool(chosen, options)
      : await (await APIS[api]?.())?.(chosen);
    if (server !== undefined) await serve(server, host);
    return 0;
  },
};
