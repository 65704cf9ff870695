// The thread of a sub-reactor: loads the pool's module, takes descriptors over from the main thread,
// or accepts by itself, and serves them with the module's handlers.
import { deserialize } from 'node:v8';
import { parentPort, workerData } from 'node:worker_threads';
import { ClosedError, invalidType } from '../errors.ts';
import { adoptListener, type Listener, Reactor } from '../index.ts';
import { Connection } from '../net/connection.ts';
import type { ConnectionGroup } from '../net/group.ts';
import { groupOf } from '../net/settings.ts';
import { applyPlan, forConnections, planTcpOptions, type TcpPlan } from '../net/tcp.ts';
import { checkInteger } from '../validate.ts';
import { countingHandlers } from './counting.ts';
import { Mailbox } from './mailbox.ts';
import { clone } from './message.ts';
import { becomeOwner } from './ownership.ts';
import {
  Figure,
  type FromSubReactor,
  type Move,
  type PoolConnectionOptions,
  type SubReactorContext,
  type SubReactorData,
  type SubReactorModule,
  type ToSubReactor,
} from './protocol.ts';

const data = workerData as SubReactorData;

function tell(message: FromSubReactor): void {
  parentPort?.postMessage(message);
}

let running: SubReactorThread | undefined;

class SubReactorThread {
  readonly #module: SubReactorModule;
  #underWay = 0;
  readonly #reactor = new Reactor();
  readonly #handlers: ReturnType<typeof countingHandlers>;
  readonly #options: PoolConnectionOptions;
  readonly #group: ConnectionGroup;
  readonly #mailbox: Mailbox;
  #plan: TcpPlan | undefined;
  #listener: Listener | undefined;
  #isDraining = false;

  constructor(module: SubReactorModule) {
    const { handlers, options } = module;
    this.#module = module;
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
    else if (message.type === 'adopt') this.#takeIn(message.move);
    else if (message.type === 'moved') this.#onMoved();
    else this.#report();
  }

  // It is this thread's since the main one gave it: closed with the thread, whatever happens here.
  #adopt(fd: number): void {
    const { tcp = {} } = this.#options;
    this.#plan ??= forConnections(planTcpOptions(tcp), fd);
    applyPlan(fd, this.#plan); // EINVAL on macOS: the peer has gone, which the read tells
    new Connection(this.#group).establish(fd);
  }

  handOver(connection: Connection, to: number, state: unknown): void {
    checkInteger('to', to, 0, data.size - 1);
    if (!(connection instanceof Connection) || connection.group.handlers !== this.#handlers) {
      throw invalidType('connection', 'a connection of this thread', connection);
    }
    if (this.#isDraining) throw new ClosedError('the ReactorPool');
    const copy = clone(state); // first: what follows cannot fail once it is packed
    const luggage = connection.pack();
    this.#handlers.left(connection);
    this.#underWay++;
    tell({ type: 'handOver', move: { ...luggage, to, data: copy } });
  }

  #takeIn(move: Move): void {
    const connection = new Connection(this.#group);
    connection.data = deserialize(move.data);
    this.#handlers.arrived();
    connection.establish(move.fd, move);
    if (!connection.isClosed) this.#module.adopt?.(connection);
  }

  // Until then it may come back, and the thread must be there.
  #onMoved(): void {
    this.#underWay--;
    this.#endIfDrained();
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
    const isIdle = this.#handlers.openCount + this.#underWay === 0 && this.#mailbox.isEmpty;
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
    const handOver: SubReactorContext['handOver'] = (connection, to, state) => {
      if (running === undefined) throw new ClosedError('the sub-reactor, which starts,');
      running.handOver(connection, to, state);
    };
    await module.start?.({ index: data.index, data: data.data, handOver });
    const thread = new SubReactorThread(module);
    running = thread;
    parentPort?.on('message', (message: ToSubReactor) => thread.onMessage(message));
    thread.announce();
  } catch (error) {
    tell({ type: 'failed', isModule, error });
  }
}

await main();
