// A simulated kernel: socket pairs and pipes, the table of descriptors, and what poll would say of
// each. Pure: no system call. Interest sets (sim-set.ts) listen to it for what may be an edge.
//
// What a kernel is free to decide it does not guess: how many bytes a write takes is given to it,
// and between "certainly room" and "certainly full" writability is 'unknown'.

export type Certainty = 'yes' | 'no' | 'unknown';

/** What poll(2) would report, before an interest masks it. */
export interface PollState {
  readonly isReadable: boolean;
  readonly writable: Certainty;
  readonly isReadClosed: boolean;
  readonly isHungUp: boolean;
  readonly hasError: boolean;
  readonly isPipe: boolean;
}

export type EndpointKind = 'stream' | 'pipe-read' | 'pipe-write';

/**
 * Something happened: bytes came, room came, a direction was closed; or a write found no room,
 * which Linux counts as an edge for the reader of a pipe.
 */
export type ActivityKind = 'data' | 'space' | 'state' | 'attempt';

export interface KernelListener {
  /** @param before - what poll said before it happened. */
  onActivity(endpoint: SimEndpoint, kind: ActivityKind, before: PollState): void;
  /** The last descriptor of it was closed. */
  onRelease(endpoint: SimEndpoint): void;
}

interface Chunk {
  byteCount: number;
  readonly cost: number;
}

/** One open file description. */
export class SimEndpoint {
  readonly kind: EndpointKind;
  readonly incoming: Chunk[] = [];
  peer!: SimEndpoint;
  referenceCount = 0;
  isReadShut = false;
  isWriteShut = false;
  hasError = false;
  /** The last write found no room, and nothing was read at the other end since. */
  isFull = false;

  constructor(kind: EndpointKind) {
    this.kind = kind;
  }

  get isReleased(): boolean {
    return this.referenceCount === 0;
  }

  get incomingBytes(): number {
    return this.incoming.reduce((sum, chunk) => sum + chunk.byteCount, 0);
  }
}

/** A result as `edgewise/sys` gives it, with the name of the error in place of its number. */
export type SimResult = number | string;

// A pipe has 16 pages; a chunk fills at most its own pages and a part of one more.
const PIPE_PAGES_SURE = 15;
const PAGE = 4096;

export class SimKernel {
  readonly #byFd = new Map<number, SimEndpoint>();
  readonly #listeners: KernelListener[] = [];
  readonly #streamCostSure: number;

  /** @param sendBufferBytes - SO_SNDBUF of a stream: it is writable up to a quarter of it. */
  constructor(sendBufferBytes = 212_992) {
    this.#streamCostSure = sendBufferBytes / 4;
  }

  listen(listener: KernelListener): void {
    this.#listeners.push(listener);
  }

  /** The numbers are the caller's choice, as the kernel's are. */
  open(kind: 'stream' | 'pipe', fds: readonly [number, number]): void {
    const [first, second]: EndpointKind[] =
      kind === 'stream' ? ['stream', 'stream'] : ['pipe-read', 'pipe-write'];
    const a = new SimEndpoint(first as EndpointKind);
    const b = new SimEndpoint(second as EndpointKind);
    a.peer = b;
    b.peer = a;
    this.#bind(fds[0], a);
    this.#bind(fds[1], b);
  }

  endpoint(fd: number): SimEndpoint | undefined {
    return this.#byFd.get(fd);
  }

  dup(fd: number, copy: number): void {
    this.#bind(copy, this.#get(fd));
  }

  close(fd: number): void {
    const endpoint = this.#get(fd);
    this.#byFd.delete(fd);
    if (endpoint.referenceCount > 1) endpoint.referenceCount--;
    else this.#release(endpoint);
  }

  /**
   * A write of `asked` bytes for which the kernel answered `result`.
   *
   * @returns what it had to answer; undefined when `result` is possible.
   */
  write(fd: number, asked: number, result: SimResult): SimResult | undefined {
    const from = this.#get(fd);
    const to = from.peer;
    if (from.kind === 'pipe-read') return result === 'EBADF' ? undefined : 'EBADF';
    const isBroken = from.kind === 'stream' ? from.isWriteShut : to.isReleased;
    if (isBroken) return result === 'EPIPE' ? undefined : 'EPIPE';
    if (typeof result === 'number' && result > 0 && result <= asked) {
      this.#deliver(from, result);
      if (result < asked) from.isFull = true;
      return undefined;
    }
    if (result !== 'EAGAIN' || this.poll(from).writable === 'yes') return asked;
    from.isFull = true;
    this.#notify(to, 'attempt', this.poll(to));
    return undefined;
  }

  /** Reads once; `count` of Infinity takes all. */
  read(fd: number, count: number): SimResult {
    const from = this.#get(fd);
    if (from.kind === 'pipe-write') return 'EBADF';
    const byteCount = Math.min(count, from.incomingBytes);
    if (byteCount > 0) {
      this.#consume(from, byteCount);
      return byteCount;
    }
    if (from.hasError) {
      from.hasError = false;
      return 'ECONNRESET';
    }
    const { isReadClosed, isHungUp } = this.poll(from);
    return isReadClosed || isHungUp ? 0 : 'EAGAIN';
  }

  /** @param how - 0: no more reading, 1: no more writing, 2: neither. */
  shutdown(fd: number, how: number): SimResult {
    const own = this.#get(fd);
    if (own.kind !== 'stream') return 'ENOTSOCK';
    this.#changeState(own, () => this.#shut(own, how !== 1, how !== 0));
    this.#changeState(own.peer, () => this.#shut(own.peer, how !== 0, how !== 1));
    return 0;
  }

  poll(endpoint: SimEndpoint): PollState {
    const { kind, peer, isReadShut, isWriteShut } = endpoint;
    const hasData = endpoint.incoming.length > 0;
    if (kind === 'stream') {
      return {
        isReadable: hasData || isReadShut,
        writable: this.#room(endpoint),
        isReadClosed: isReadShut,
        isHungUp: isReadShut && isWriteShut,
        hasError: endpoint.hasError,
        isPipe: false,
      };
    }
    const isReader = kind === 'pipe-read';
    return {
      isReadable: isReader && hasData,
      writable: isReader ? 'no' : this.#room(endpoint),
      isReadClosed: false,
      isHungUp: isReader && peer.isReleased,
      hasError: !isReader && peer.isReleased,
      isPipe: true,
    };
  }

  #room(endpoint: SimEndpoint): Certainty {
    const cost = endpoint.peer.incoming.reduce((sum, chunk) => sum + chunk.cost, 0);
    const sure = endpoint.kind === 'stream' ? this.#streamCostSure : PIPE_PAGES_SURE;
    if (cost <= sure) return 'yes';
    return endpoint.isFull ? 'no' : 'unknown';
  }

  #deliver(from: SimEndpoint, byteCount: number): void {
    const before = this.poll(from.peer);
    // Upper bounds: a socket buffer's own size is added to, and rounded up with, the bytes.
    const cost = from.kind === 'stream' ? 2 * byteCount + 2048 : Math.ceil(byteCount / PAGE);
    from.peer.incoming.push({ byteCount, cost });
    this.#notify(from.peer, 'data', before);
  }

  #consume(from: SimEndpoint, byteCount: number): void {
    const before = this.poll(from.peer);
    let left = byteCount;
    while (left > 0) {
      const chunk = from.incoming[0] as Chunk;
      const taken = Math.min(left, chunk.byteCount);
      chunk.byteCount -= taken;
      left -= taken;
      if (chunk.byteCount === 0) from.incoming.shift();
    }
    from.peer.isFull = false;
    if (!from.peer.isReleased) this.#notify(from.peer, 'space', before);
  }

  #shut(endpoint: SimEndpoint, read: boolean, write: boolean): void {
    endpoint.isReadShut ||= read;
    endpoint.isWriteShut ||= write;
  }

  #release(endpoint: SimEndpoint): void {
    for (const listener of this.#listeners) listener.onRelease(endpoint);
    const { peer } = endpoint;
    this.#changeState(peer, () => {
      endpoint.referenceCount = 0;
      if (endpoint.kind !== 'stream') return;
      this.#shut(peer, true, true);
      if (endpoint.incoming.length > 0) peer.hasError = true;
      endpoint.incoming.length = 0;
      peer.isFull = false;
    });
  }

  #changeState(endpoint: SimEndpoint, change: () => void): void {
    const before = this.poll(endpoint);
    change();
    if (!endpoint.isReleased) this.#notify(endpoint, 'state', before);
  }

  #notify(endpoint: SimEndpoint, kind: ActivityKind, before: PollState): void {
    for (const listener of this.#listeners) listener.onActivity(endpoint, kind, before);
  }

  #bind(fd: number, endpoint: SimEndpoint): void {
    if (this.#byFd.has(fd)) throw new Error(`descriptor ${fd} is open`);
    this.#byFd.set(fd, endpoint);
    endpoint.referenceCount++;
  }

  #get(fd: number): SimEndpoint {
    const endpoint = this.#byFd.get(fd);
    if (endpoint === undefined) throw new Error(`descriptor ${fd} is not open`);
    return endpoint;
  }
}
