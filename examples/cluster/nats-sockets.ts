// The client of NATS over sockets of edgewise: its transport for Node, with one method replaced. The
// client makes its sockets itself and has no option for them, so this is what it calls to make one.
import { once } from 'node:events';
import type { Socket as NodeSocket } from 'node:net';
import type { ConnectionOptions, NatsConnection } from '@nats-io/nats-core';
import { NatsConnectionImpl, setTransportFactory } from '@nats-io/nats-core/internal';
import { NodeTransport, nodeResolveHost } from '@nats-io/transport-node/lib/node_transport.js';
import { Socket } from 'edgewise/net';

interface Place {
  readonly hostname: string;
  readonly port: number;
}

class Transport extends NodeTransport {
  override async dial({ hostname: host, port }: Place): Promise<NodeSocket> {
    const socket = new Socket();
    socket.setNoDelay(true);
    await once(socket.connect({ host, port }), 'connect'); // rejects with its `error`
    return socket as unknown as NodeSocket;
  }
}

/** As `connect` of the client. */
export function connect(options: ConnectionOptions): Promise<NatsConnection> {
  setTransportFactory({ factory: () => new Transport(), dnsResolveFn: nodeResolveHost });
  return NatsConnectionImpl.connect(options);
}
