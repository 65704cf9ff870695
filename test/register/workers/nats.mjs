// @nats-io/transport-node with a NATS server: subscriptions, requests, large messages, no one there.
import { connect } from '@nats-io/transport-node';
import { HOST, LONG } from './help.mjs';

export async function run(port) {
  const options = { servers: `${HOST}:${port}`, reconnect: false };
  const [server, client] = await Promise.all([connect(options), connect(options)]);
  server.subscribe('upper', {
    callback: (_, message) => message.respond(message.string().toUpperCase()),
  });
  const many = server.subscribe('many', { max: 1000 });
  await server.flush();
  const answers = await Promise.all(
    ['one', 'two', 'three'].map(async (word) => (await client.request('upper', word)).string()),
  );
  const long = (await client.request('upper', LONG)).string() === LONG;
  for (let index = 0; index < 1000; index++) client.publish('many', `${index}`);
  let inOrder = 0;
  for await (const message of many) if (Number(message.string()) === inOrder) inOrder++;
  const none = await client.request('nothing', '').catch((error) => error);
  await client.drain();
  await server.close();
  const gone = await connect({ ...options, servers: `${HOST}:1` }).catch((error) => error);
  return { answers, long, inOrder, none: none.name, gone: gone.name };
}
