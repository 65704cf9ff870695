// undici with its own Client, Pool and Agent, plain and over TLS, against node:http and node:https.
import http from 'node:http';
import https from 'node:https';
import { Agent, Client, fetch, Pool, request } from 'undici';
import { certificate, closed, HOST, LONG, portOf } from './help.mjs';

const onRequest = (incoming, response) => incoming.pipe(response);

export async function run() {
  const server = http.createServer(onRequest).listen(0, HOST);
  const secureServer = https.createServer(certificate(), onRequest).listen(0, HOST);
  const url = `http://${HOST}:${await portOf(server)}`;
  const secureUrl = `https://${HOST}:${await portOf(secureServer)}`;
  const post = { method: 'POST', path: '/', body: LONG };

  const client = new Client(url, { pipelining: 4 });
  const pool = new Pool(url, { connections: 3 });
  const agent = new Agent({ connect: { rejectUnauthorized: false } });
  const asked = (await (await client.request(post)).body.text()) === LONG;
  const many = await Promise.all(
    Array.from({ length: 30 }, async (_, index) => {
      const { body } = await pool.request({ ...post, body: `${index}` });
      return body.text();
    }),
  );
  const { body } = await request(secureUrl, { ...post, dispatcher: agent });
  const secure = (await body.text()) === LONG;
  const fetched = await (
    await fetch(secureUrl, { method: 'PUT', body: 'x', dispatcher: agent })
  ).text();
  const refused = await request(`http://${HOST}:1`).catch((error) => error);
  await Promise.all([client.close(), pool.close(), agent.close()]);
  await Promise.all([closed(server), closed(secureServer)]);
  return { asked, many, secure, fetched, refused: [refused.code, refused.syscall] };
}
