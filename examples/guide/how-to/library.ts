// A library that takes a socket: here the HTTP client of Node, and TLS around the socket when asked for.
import { request } from 'node:http';
import { connect as connectTls } from 'node:tls';
import { connect } from 'edgewise';
import { toDuplex } from 'edgewise/stream';

const url = new URL(process.argv[2] ?? 'http://example.org/');
const isTls = url.protocol === 'https:';
const { hostname: host } = url;
const port = Number(url.port || (isTls ? 443 : 80));

const stream = toDuplex(connect({ host, port, handlers: {} })); // it may still be connecting
const socket = isTls ? connectTls({ socket: stream, servername: host }) : stream;

const call = request(url, { createConnection: () => socket, agent: false }, (response) => {
  console.log(`${response.statusCode} over ${stream.remoteAddress}:${stream.remotePort}`);
  response.pipe(process.stdout);
  response.once('end', () => stream.destroy()); // without an agent it is ours to close
});
call.on('error', (error) => console.error(error.message)).end();
