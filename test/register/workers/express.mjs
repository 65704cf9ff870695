// express: routes, a body, an error, and a file that is streamed; asked by fetch.
import { fileURLToPath } from 'node:url';
import express from 'express';
import { closed, HOST, LONG, portOf } from './help.mjs';

export async function run() {
  const app = express();
  app.use(express.text({ limit: '1mb' }));
  app.get('/hello/:name', (request, response) => response.json({ hello: request.params.name }));
  app.post('/echo', (request, response) => response.type('text').send(request.body));
  app.get('/file', (_, response) => response.sendFile(fileURLToPath(import.meta.url)));
  app.get('/throws', () => {
    throw Object.assign(new Error('no'), { status: 418, expose: true });
  });
  app.use((error, _request, response, _next) => response.status(error.status).send(error.message));
  const server = app.listen(0, HOST);
  const url = `http://${HOST}:${await portOf(server)}`;
  const ask = async (path, options) => {
    const response = await fetch(url + path, options);
    return [response.status, response.headers.get('content-type'), await response.text()];
  };
  const answers = [
    await ask('/hello/world'),
    await ask('/throws'),
    await ask('/none'),
    (await ask('/file'))[2].length,
  ];
  const body = { method: 'POST', body: LONG, headers: { 'content-type': 'text/plain' } };
  const [status, , text] = await ask('/echo', body);
  await closed(server);
  return { answers, status, isWhole: text === LONG };
}
