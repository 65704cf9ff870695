// The thread of a sub-reactor: loads the pool's module, takes descriptors over from the main thread,
// or accepts by itself, and serves them with the module's handlers.
import { parentPort, workerData } from 'node:worker_threads';
import { invalidType } from '../errors.ts';
import { adoptListener, type Listener, Reactor } from '../index.ts';
import { Connection } from '../net/connection.ts';
import type { ConnectionGroup } from '../net/group.ts';
import { groupOf } from '../net/settings.ts';
import { applyPlan, forConnections, planTcpOptions, type TcpPlan } from '../net/tcp.ts';
import { countingHandlers } from './counting.ts';
import { Mailbox } from './mailbox.ts';
import { becomeOwner } from './ownership.ts';
import {
  Figure,
  type FromSubReactor,
  type PoolConnectionOptions,
  type SubReactorData,
  type SubReactorModule,
  type ToSubReactor,
} from './protocol.ts';

const data = workerData as SubReactorData;

function tell(message: FromSubReactor): void {
  parentPort?.postMessage(message);
}

class SubReactorThread {
  readonly #reactor = new Reactor();
  readonly #handlers: ReturnType<typeof countingHandlers>;
  readonly #options: PoolConnectionOptions;
  readonly #group: ConnectionGroup;
  readonly #mailbox: Mailbox;
  #plan: TcpPlan | undefined;
  #listener: Listener | undefined;
  #isDraining = false;

  constructor({ handlers, options }: SubReactorModule) {
    const onEmpty = () => this.#endIfDrained();
    this.#handlers = countingHandlers(handlers, new Float64Array(data.figures), onEmpty);
    this.#options = { ...options, ...data.connection };
    this.#group = groupOf(
      {
        ...this.#options,
        handlers: this.#handlers,
        reactor: this.#reactor,
        asyncContext: false,
      },
      false,
    );
    // Without a listener the group would leave the reactor after its last connection.
    this.#group.opener = { close: () => undefined };
    const onMessage = (message: unknown) => this.#adopt(message as number);
    this.#mailbox = new Mailbox({ reactor: this.#reactor, onMessage, producersMax: 1 });
    this.#reactor.attach();
  }

  announce(): void {
    tell({ type: 'ready', owner: becomeOwner(), mailbox: this.#mailbox.address });
  }

  onMessage(message: ToSubReactor): void {
    if (message.type === 'listen') this.#listen(message.fd, message.isExclusive);
    else if (message.type === 'drain') this.#drain(message.deadlineMs);
    else this.#report();
  }

  // It is this thread's since the main one gave it: closed with the thread, whatever happens here.
  #adopt(fd: number): void {
    const { tcp = {} } = this.#options;
    this.#plan ??= forConnections(planTcpOptions(tcp), fd);
    applyPlan(fd, this.#plan); // EINVAL on macOS: the peer has gone, which the read tells
    new Connection(this.#group).establish(fd);
  }

  #listen(fd: number, isExclusive: boolean): void {
    this.#listener = adoptListener(fd, {
      ...this.#options,
      handlers: this.#handlers,
      reactor: this.#reactor,
      exclusive: isExclusive,
      asyncContext: false,
    });
  }

  #report(): void {
    const open = [...this.#group.connections, ...(this.#listener?.connections ?? [])];
    // Both kinds in one moment: a connection that closes meanwhile would count twice, or not.
    const figures = new Float64Array(data.figures);
    let bytesRead = figures[Figure.BytesRead] as number;
    let bytesWritten = figures[Figure.BytesWritten] as number;
    for (const connection of open) {
      bytesRead += connection.bytesRead;
      bytesWritten += connection.bytesWritten;
    }
    tell({ type: 'report', bytesRead, bytesWritten });
  }

  // Those that wait in the mailbox were accepted, and are served before the end.
  #drain(deadlineMs: number): void {
    this.#isDraining = true;
    this.#listener?.close();
    this.#reactor.setTimeout(() => this.#end(), deadlineMs);
    this.#reactor.defer(() => this.#endIfDrained());
  }

  #endIfDrained(): void {
    const isIdle = this.#handlers.openCount === 0 && this.#mailbox.isEmpty;
    if (this.#isDraining && isIdle) this.#end();
  }

  // Without the port and the reactor nothing keeps the thread, and it ends by itself.
  #end(): void {
    tell({ type: 'drained' });
    this.#reactor.close();
    parentPort?.close();
  }
}

async function loadModule(): Promise<SubReactorModule> {
  const module: SubReactorModule = await import(data.module);
  const { handlers } = module;
  if (typeof handlers !== 'object' || handlers === null) {
    throw invalidType('handlers', 'an object that the module exports', handlers);
  }
  return module;
}

async function main(): Promise<void> {
  let isModule = true;
  try {
    const module = await loadModule();
    isModule = false;
    await module.start?.({ index: data.index, data: data.data });
    const thread = new SubReactorThread(module);
    parentPort?.on('message', (message: ToSubReactor) => thread.onMessage(message));
    thread.announce();
  } catch (error) {
    tell({ type: 'failed', isModule, error });
  }
}

await main();
