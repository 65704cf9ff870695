// A chat server, step 8: the next process takes over, and no client is refused.
import { mkdirSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { offerHandOver, takeOver } from 'edgewise';
import { startChat, stopChat } from './chat.ts';
import { listenTls } from './tls.ts';

const port = Number(process.argv[2] ?? 7000);
const tlsPort = Number(process.argv[3] ?? 7001);
const folder = join(tmpdir(), `chat-${userInfo().username}`);
mkdirSync(folder, { recursive: true, mode: 0o700 }); // only this user may ask for the sockets
const path = join(folder, `${port}.sock`);

const earlier = await takeOver({ path }); // undefined: there is no server before this one
const chat = startChat(port, earlier?.socket('chat')?.fd);
const tls = listenTls(tlsPort, chat.port, earlier?.socket('tls')?.fd);
await earlier?.confirm(); // from here on the earlier one does not accept
console.log(`listening on ${chat.address}, with TLS on ${tls.address}`);

const offer = offerHandOver({ path, sockets: { chat, tls }, handlers: { handedOver: stop } });

function stop(): void {
  console.log(`stopping, ${chat.connections.size} to finish`);
  offer.close();
  tls.close();
  stopChat(chat);
}
process.once('SIGINT', stop).once('SIGTERM', stop);
