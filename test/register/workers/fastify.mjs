// fastify: schemas, many requests at once over kept connections, and its own close.
import Fastify from 'fastify';
import { HOST, LONG } from './help.mjs';

export async function run() {
  const app = Fastify({ forceCloseConnections: true });
  const schema = { querystring: { type: 'object', properties: { n: { type: 'integer' } } } };
  app.get('/square', { schema }, async ({ query: { n } }) => ({ n, square: n * n }));
  app.post('/echo', async (request) => request.body);
  const url = await app.listen({ host: HOST, port: 0 });
  const squares = await Promise.all(
    Array.from({ length: 50 }, async (_, n) => (await fetch(`${url}/square?n=${n}`)).json()),
  );
  const refused = await fetch(`${url}/square?n=x`);
  const headers = { 'content-type': 'application/json' };
  const echo = await fetch(`${url}/echo`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ text: LONG }),
  });
  const { text } = await echo.json();
  const { port } = app.server.address();
  const refusal = await refused.json();
  await app.close();
  return { squares, refusal, isWhole: text === LONG, hadPort: port > 0 };
}
