// koa, asked by axios.
import axios from 'axios';
import Koa from 'koa';
import { closed, HOST, LONG, portOf, textOf } from './help.mjs';

export async function run() {
  const app = new Koa();
  app.on('error', () => undefined);
  app.use(async (context) => {
    if (context.path === '/throws') context.throw(409, 'taken');
    const text = await textOf(context.req);
    context.body = { method: context.method, ip: context.ip, text };
  });
  const server = app.listen(0, HOST);
  const url = `http://${HOST}:${await portOf(server)}`;
  const { data } = await axios.post(`${url}/x`, LONG, {
    headers: { 'content-type': 'text/plain' },
  });
  const failure = await axios.get(`${url}/throws`).catch((error) => error.response);
  const refused = await axios.get(`http://${HOST}:1/`).catch((error) => error);
  await closed(server);
  return {
    method: data.method,
    ip: data.ip,
    isWhole: data.text === LONG,
    failure: [failure.status, failure.data],
    refused: refused.code,
  };
}
