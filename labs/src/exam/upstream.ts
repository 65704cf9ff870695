// A server of the grader, for programs that are clients or stand in the middle.
import { Interest, type Reactor, type Registration } from 'edgewise';
import * as sys from 'edgewise/sys';
import { must, Peer, type PeerOptions } from './peer.ts';

const { AF_INET, SOCK_STREAM, SOCK_NONBLOCK, SOL_SOCKET, SO_RCVBUF, SO_REUSEADDR } = sys.constants;

export interface UpstreamOptions extends PeerOptions {
  /** Connections that the kernel keeps for it; with `isDeaf` it takes none of them. Default 511. */
  readonly backlog?: number;
  /** It listens, and accepts no one. */
  readonly isDeaf?: boolean;
  /** It has a port and does not listen: connecting to it is refused, and no other program gets the port. */
  readonly isRefusing?: boolean;
}

export class Upstream {
  readonly port: number;
  /** The connections that it has accepted, in order. */
  readonly peers: Peer[] = [];
  readonly #fd: number;
  readonly #registration: Registration | undefined;
  #isClosed = false;

  constructor(reactor: Reactor, options: UpstreamOptions = {}) {
    const { backlog = 511, isDeaf = false, isRefusing = false, receiveBuffer } = options;
    this.#fd = must(sys.socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK), 'socket');
    sys.setsockopt(this.#fd, SOL_SOCKET, SO_REUSEADDR, 1);
    if (receiveBuffer !== undefined) sys.setsockopt(this.#fd, SOL_SOCKET, SO_RCVBUF, receiveBuffer);
    must(sys.bind(this.#fd, { address: '127.0.0.1', port: 0 }), 'bind');
    if (!isRefusing) must(sys.listen(this.#fd, backlog), 'listen');
    const name = new sys.SocketAddress();
    must(sys.getsockname(this.#fd, name), 'getsockname');
    this.port = name.port ?? 0;
    if (isDeaf || isRefusing) return;
    this.#registration = reactor.register(this.#fd, Interest.Readable, {
      onReady: () => {
        for (;;) {
          const fd = sys.accept4(this.#fd, null, SOCK_NONBLOCK);
          if (fd < 0) return;
          this.peers.push(new Peer(reactor, fd, true, options));
        }
      },
    });
  }

  /** It accepts no one from here on; connections wait in the kernel, as many as its backlog allows. */
  stopAccepting(): void {
    this.#registration?.setInterest(Interest.None);
  }

  /** Nothing listens at its port any more. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const peer of this.peers) peer.close();
    this.#registration?.close();
    sys.close(this.#fd);
  }
}
