// The thread of a sub-reactor: loads the pool's module, gets descriptors from the main thread, or
// accepts by itself, and serves them with the module's handlers.
import { inspect } from 'node:util';
import { deserialize } from 'node:v8';
import { parentPort, workerData } from 'node:worker_threads';
import { ClosedError, invalidType, invalidValue } from '../errors.ts';
import {
  adoptListener,
  applyPlan,
  Connection,
  type ConnectionGroup,
  checkProxyOptions,
  forConnections,
  groupOf,
  type Listener,
  type ProxyHeader,
  ProxyReader,
  planTcpOptions,
  type TcpPlan,
} from '../net/index.ts';
import { Reactor } from '../reactor/index.ts';
import { checkFunction, checkInteger, given } from '../validate.ts';
import { Counting } from './counting.ts';
import { Mailbox } from './mailbox.ts';
import { clone } from './message.ts';
import { type OwnerId, ownerOfThread } from './ownership.ts';
import {
  type Envelope,
  Figure,
  type FromSubReactor,
  type Move,
  type SubReactorContext,
  type SubReactorData,
  type SubReactorModule,
  type SubReactorOptions,
  type ToSubReactor,
} from './protocol.ts';

const data = workerData as SubReactorData;

function send(message: FromSubReactor, transferred: readonly ArrayBuffer[] = []): void {
  const envelope: Envelope = { subReactor: message };
  parentPort?.postMessage(envelope, transferred);
}

let running: SubReactorThread | undefined;

class SubReactorThread {
  readonly #reactor = new Reactor();
  readonly #counting: Counting;
  readonly #options: SubReactorOptions;
  readonly #group: ConnectionGroup;
  readonly #mailbox: Mailbox;
  readonly #proxyReader: ProxyReader | undefined;
  #plan: TcpPlan | undefined;
  #listener: Listener | undefined;
  #isDraining = false;
  #movesUnderWay = 0;

  constructor(module: SubReactorModule) {
    const figures = new Float64Array(data.figures);
    this.#counting = new Counting(module, figures, () => this.#endIfDrained());
    const options = { ...module.options, ...given(data.connection) };
    // Not one of a pool's, but a module in plain JavaScript may name it; `data` is a hand-over's.
    delete (options as { createData?: unknown }).createData;
    this.#options = options;
    this.#group = groupOf(
      {
        ...this.#options,
        handlers: this.#counting.handlers,
        reactor: this.#reactor,
        asyncContext: false,
      },
      false,
    );
    checkProxyOptions(options);
    if (options.proxyProtocol !== undefined) {
      this.#proxyReader = new ProxyReader(this.#group, options, {
        accepted: (fd, header) => this.#open(fd, header),
        rejected: () => this.#onRejected(),
      });
    }
    // Without a listener the group would leave the reactor after its last connection.
    this.#group.opener = { fd: -1, close: () => undefined };
    const onMessage = (message: unknown) => this.#serve(message as number);
    this.#mailbox = new Mailbox({ reactor: this.#reactor, onMessage, producerCountMax: 1 });
    this.#reactor.attach();
  }

  announce(owner: OwnerId): void {
    send({ type: 'ready', owner, mailbox: this.#mailbox.address });
  }

  onMessage(message: ToSubReactor): void {
    const reactor = this.#reactor;
    if (reactor.isClosed) return; // a descriptor that arrives now is closed with the thread
    if (message.type === 'listen') this.#listen(message.fd, message.isExclusive);
    // In turns of the reactor, and in order: handlers are called there, and it may end, but not
    // while a connection that arrived before the drain message waits to be adopted.
    else if (message.type === 'drain') reactor.defer(() => this.#drain(message.timeoutMs));
    else if (message.type === 'adopt') reactor.defer(() => this.#adopt(message.move));
    else if (message.type === 'moved') reactor.defer(() => this.#onMoved());
    else this.#report();
  }

  // This thread owns it since the main one gave it: it is closed with the thread, whatever happens here.
  #serve(fd: number): void {
    const { tcp = {} } = this.#options;
    this.#plan ??= forConnections(planTcpOptions(tcp), fd);
    applyPlan(fd, this.#plan); // EINVAL on macOS: the peer has gone, which the read reports
    if (this.#proxyReader === undefined) this.#open(fd);
    else this.#proxyReader.take(fd);
  }

  // The main thread has counted it.
  #onRejected(): void {
    this.#counting.serve(() => undefined);
    this.#reactor.defer(() => this.#endIfDrained());
  }

  #open(fd: number, header?: ProxyHeader): void {
    const connection = new Connection(this.#group, false, header);
    this.#counting.serve(() => connection.establish(fd));
    // For a connection that cannot be watched no `close` is called.
    if (connection.isClosed) this.#reactor.defer(() => this.#endIfDrained());
  }

  /** @throws as {@link SubReactorContext.handOver}. */
  handOver(connection: Connection, to: number, kept: unknown): void {
    const isOurs =
      connection instanceof Connection && connection.group.handlers === this.#counting.handlers;
    if (!isOurs) throw invalidType('connection', 'one of the pool, on this thread', connection);
    checkInteger('to', to, 0, data.size - 1);
    if (to === data.index) throw invalidValue('to', 'another sub-reactor', to);
    if (this.#isDraining) throw new ClosedError('the ReactorPool');
    const copy = clone(kept); // first: a getter in it may do anything to the connection
    const snapshot = connection.detach();
    this.#counting.left(connection);
    this.#movesUnderWay++;
    send({ type: 'handOver', move: { ...snapshot, to, data: copy } }, [snapshot.unsent.buffer]);
  }

  // `adopt` is called first; only when it cannot be watched, `close` alone, with the error.
  #adopt(move: Move): void {
    const connection = new Connection(this.#group);
    connection.data = deserialize(move.data);
    connection.restore(move);
    this.#group.connections.add(connection);
    this.#counting.arrived(connection);
    connection.establish(move.fd, () => this.#counting.adopt(connection));
  }

  // Until then it may come back, and the thread must still run.
  #onMoved(): void {
    this.#movesUnderWay--;
    this.#endIfDrained();
  }

  #listen(fd: number, isExclusive: boolean): void {
    const { onProxyError } = this.#options;
    this.#listener = adoptListener(fd, {
      ...this.#options,
      onProxyError: (error) => {
        this.#reactor.defer(() => this.#endIfDrained());
        onProxyError?.(error);
      },
      handlers: this.#counting.handlers,
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
      const { read, written } = this.#counting.bytesOf(connection);
      bytesRead += read;
      bytesWritten += written;
    }
    send({ type: 'report', bytesRead, bytesWritten });
  }

  // Connections that wait in the mailbox were accepted, and are served before the end. A second message
  // may bring a shorter time.
  #drain(timeoutMs: number): void {
    this.#isDraining = true;
    this.#listener?.close();
    this.#reactor.setTimeout(() => this.#end(), timeoutMs);
    this.#reactor.defer(() => this.#endIfDrained());
  }

  // Of connections that are open, on their way, or behind a header of a proxy that has not come yet.
  get #count(): number {
    const incoming = (this.#proxyReader?.size ?? 0) + (this.#listener?.incomingCount ?? 0);
    return this.#counting.openCount + this.#movesUnderWay + incoming;
  }

  #endIfDrained(): void {
    const isIdle = this.#count === 0 && this.#mailbox.isEmpty;
    if (this.#isDraining && isIdle) this.#end();
  }

  // Without the port and the reactor nothing of ours keeps the thread, and it ends by itself.
  #end(): void {
    if (this.#reactor.isClosed) return;
    send({ type: 'drained' });
    this.#reactor.close();
    parentPort?.close();
  }
}

async function loadModule(): Promise<SubReactorModule> {
  const module: SubReactorModule = await import(data.module);
  const { handlers, adopt } = module;
  if (adopt !== undefined) checkFunction('adopt', adopt);
  if (typeof handlers !== 'object' || handlers === null) {
    throw invalidType('handlers', 'an object that the module exports', handlers);
  }
  return module;
}

// What was thrown may be something that cannot be sent.
function sendFailure(isModule: boolean, error: unknown): void {
  try {
    send({ type: 'failed', isModule, error });
  } catch {
    send({ type: 'failed', isModule, error: new Error(inspect(error)) });
  }
}

async function main(): Promise<void> {
  let isModule = true;
  try {
    const module = await loadModule();
    isModule = false;
    send({ type: 'loaded' });
    const handOver: SubReactorContext['handOver'] = (connection, to, state) => {
      if (running === undefined) throw new ClosedError('the sub-reactor, which starts,');
      running.handOver(connection, to, state);
    };
    await module.start?.({ index: data.index, data: data.data, handOver });
    const thread = new SubReactorThread(module);
    running = thread;
    parentPort?.on('message', (message: ToSubReactor) => thread.onMessage(message));
    thread.announce(ownerOfThread());
  } catch (error) {
    sendFailure(isModule, error);
  }
}

await main();
