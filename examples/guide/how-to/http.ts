// Servers of node:http and node:https, with their parser and their TLS, over sockets of edgewise.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer as createHttp, type RequestListener } from 'node:http';
import { createServer as createHttps } from 'node:https';
import type { AddressInfo } from 'node:net';
import { serveHttp } from 'edgewise/stream';

const host = '127.0.0.1';
const [port = '8080', tlsPort = '8443'] = process.argv.slice(2);

const answer: RequestListener = (request, response) => {
  response.end(`you asked for ${request.url}\n`);
};

const http = serveHttp(createHttp(answer), { host, port: Number(port) });
const tls = { key: readFileSync('key.pem'), cert: readFileSync('cert.pem') };
const https = serveHttp(createHttps(tls, answer), { host, port: Number(tlsPort) });
await Promise.all([once(http, 'listening'), once(https, 'listening')]);
const ports = [http, https].map((server) => (server.address() as AddressInfo).port);
console.log(`http on ${host}:${ports[0]}, https on ${host}:${ports[1]}`);

process.once('SIGTERM', () => {
  for (const server of [http, https]) server.close(); // and what is idle
});
