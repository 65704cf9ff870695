// ioredis and redis (node-redis) with a Redis server: pipelines, large values, publish and subscribe.
import { once } from 'node:events';
import { Redis } from 'ioredis';
import { createClient } from 'redis';
import { HOST, LONG } from './help.mjs';

async function withIoredis(port) {
  const client = new Redis({ host: HOST, port });
  const subscriber = new Redis({ host: HOST, port });
  const pipeline = client.pipeline();
  for (let index = 0; index < 1000; index++) pipeline.set(`key ${index}`, index);
  pipeline.set('long', LONG);
  const isDone = (await pipeline.exec()).every(([error]) => error === null);
  const values = [await client.get('key 999'), (await client.get('long')) === LONG];
  await subscriber.subscribe('topic');
  const message = once(subscriber, 'message');
  await client.publish('topic', 'extra');
  const heard = await message;
  const failure = await client.lpush('long', 'x').catch((error) => error.message.slice(0, 9));
  const ends = [client, subscriber].map((each) => once(each, 'end'));
  await Promise.all([client.quit(), subscriber.quit()]);
  await Promise.all(ends);
  return { isDone, values, heard, failure };
}

async function withNodeRedis(port) {
  const client = createClient({ socket: { host: HOST, port } });
  await client.connect();
  const subscriber = client.duplicate();
  await subscriber.connect();
  const numbers = Array.from({ length: 1000 }, (_, index) => index);
  await Promise.all(numbers.map((index) => client.set(`other ${index}`, `${index}`)));
  await client.set('other long', LONG);
  const values = [await client.get('other 999'), (await client.get('other long')) === LONG];
  const heard = new Promise((resolve) => {
    subscriber.subscribe('other', resolve).then(() => client.publish('other', 'extra'));
  });
  const message = await heard;
  await subscriber.close();
  await client.close();
  const stranger = createClient({ socket: { host: HOST, port: 1, reconnectStrategy: false } });
  stranger.on('error', () => undefined);
  const refused = await stranger.connect().catch((error) => error);
  return { values, message, refused: refused.code };
}

export async function run(port) {
  return {
    ioredis: await withIoredis(Number(port)),
    redis: await withNodeRedis(Number(port)),
  };
}
