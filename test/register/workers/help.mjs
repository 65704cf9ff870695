// What the programs of this folder share.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';

export const HOST = '127.0.0.1';

/** A certificate that no authority has signed. */
export const certificate = () => ({
  key: readFileSync(new URL('../../interop/key.pem', import.meta.url)),
  cert: readFileSync(new URL('../../interop/cert.pem', import.meta.url)),
});

/** Some text of many segments, which shows where bytes are lost or doubled. */
export const LONG = Array.from({ length: 40_000 }, (_, index) => index).join(' ');

/** Waits until a server listens, and gives its port. */
export async function portOf(server) {
  if (!server.listening) await once(server, 'listening');
  return server.address().port;
}

/** Closes a server of HTTP, with its idle connections. */
export async function closed(server) {
  const close = once(server, 'close');
  server.close();
  server.closeAllConnections?.();
  await close;
}

/** Everything that a stream brings until its end. */
export async function textOf(stream) {
  let text = '';
  for await (const chunk of stream) text += chunk;
  return text;
}
