// TLS in front of the chat: each client that speaks TLS gets a connection to the chat of its own, and
// what comes on one goes out on the other. The chat sees a client like any other.
import { readFileSync } from 'node:fs';
import { pipeline } from 'node:stream';
import { createSecureContext, TLSSocket } from 'node:tls';
import { connect, type Listener, listen } from 'edgewise';
import { toDuplex } from 'edgewise/stream';

const host = '127.0.0.1';

export function listenTls(port: number, chatPort: number): Listener {
  const key = readFileSync('key.pem');
  const cert = readFileSync('cert.pem');
  const secureContext = createSecureContext({ key, cert, minVersion: 'TLSv1.2' });
  return listen({
    host,
    port,
    handlers: {
      open(client) {
        const secure = new TLSSocket(toDuplex(client), { isServer: true, secureContext });
        const chat = toDuplex(connect({ host, port: chatPort, handlers: {} }));
        // Ends and errors of one are those of the other; so is backpressure.
        pipeline(secure, chat, secure, () => undefined);
      },
    },
  });
}
