// The 'hello' server of node:http, over node:net or over streams of edgewise. Prints
// "listening on HOST:PORT" once it accepts.
//
//   node http-hello.mjs --over node|edgewise
import { createServer } from 'node:http';
import { parseArgs } from 'node:util';

const { values } = parseArgs({ options: { over: { type: 'string', default: 'node' } } });
const host = '127.0.0.1';
const body = 'hello, world\n';

const server = createServer((_request, response) => {
  response.writeHead(200, { 'content-type': 'text/plain', 'content-length': body.length });
  response.end(body);
});

function announce(port) {
  process.stdout.write(`listening on ${host}:${port}\n`);
}

if (values.over === 'edgewise') {
  const { serveHttp } = await import('../../dist/stream/index.js');
  announce(serveHttp(server, { host }).address().port);
} else {
  server.listen({ host, port: 0, backlog: 4096 }, () => announce(server.address().port));
}
