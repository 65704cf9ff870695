// A chat server, step 7: the program starts what is in the other files.
import { startChat } from './chat.ts';
import { listenTls } from './tls.ts';

const port = Number(process.argv[2] ?? 7000);
const tlsPort = Number(process.argv[3] ?? 7001);

const chat = startChat(port);
const tls = listenTls(tlsPort, chat.port);
console.log(`listening on ${chat.address}, with TLS on ${tls.address}`);
