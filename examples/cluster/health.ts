// What an orchestrator and a balancer ask: /healthz, whether the process is to be restarted, and
// /readyz, whether it is to be given clients.
import { createServer, type Server } from 'node:http';
import { serveHttp } from 'edgewise/stream';

export function serveHealth(port: number, isReady: () => boolean): Server {
  const server = createServer((request, response) => {
    const answers: Record<string, boolean> = { '/healthz': true, '/readyz': isReady() };
    const answer = answers[request.url ?? ''];
    response.statusCode = answer === undefined ? 404 : answer ? 200 : 503;
    response.end(answer === true ? 'ok\n' : 'no\n');
  });
  return serveHttp(server, { host: '127.0.0.1', port });
}
