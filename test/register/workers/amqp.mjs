// amqplib with RabbitMQ: confirmed messages, small and large, in order; an exchange; what the broker refuses.
import { once } from 'node:events';
import amqp from 'amqplib';
import { HOST, LONG } from './help.mjs';

const COUNT = 500;

export async function run(port) {
  const url = `amqp://guest:guest@${HOST}:${port}`;
  const connection = await amqp.connect(url);
  const channel = await connection.createConfirmChannel();
  const { queue } = await channel.assertQueue('', { exclusive: true });
  const received = [];
  const all = new Promise((resolve) => {
    const onMessage = (message) => {
      const text = message.content.toString();
      received.push(text === LONG ? 'LONG' : Number(text));
      channel.ack(message);
      if (received.length === COUNT + 1) resolve();
    };
    channel.consume(queue, onMessage).catch((error) => resolve(error));
  });
  for (let index = 0; index < COUNT; index++) channel.sendToQueue(queue, Buffer.from(`${index}`));
  channel.sendToQueue(queue, Buffer.from(LONG));
  await channel.waitForConfirms();
  await all;
  const isInOrder = received.every((each, index) => each === (index < COUNT ? index : 'LONG'));

  await channel.assertExchange('topics', 'topic', { durable: false });
  const { queue: bound } = await channel.assertQueue('', { exclusive: true });
  await channel.bindQueue(bound, 'topics', 'a.*');
  for (const key of ['a.one', 'b.two', 'a.three']) channel.publish('topics', key, Buffer.from(key));
  await channel.waitForConfirms();
  const routed = [];
  for (let message = await channel.get(bound); message; message = await channel.get(bound)) {
    routed.push(message.content.toString());
    channel.ack(message);
  }

  const other = await connection.createChannel();
  other.on('error', () => undefined);
  const refused = await other.checkQueue('nothing').catch((error) => error);
  const closed = once(connection, 'close');
  await connection.close();
  await closed;
  const stranger = await amqp.connect(`amqp://x:y@${HOST}:${port}`).catch((error) => error);
  const gone = await amqp.connect(`amqp://${HOST}:1`).catch((error) => error);
  const denied = /ACCESS.REFUSED/.test(stranger.message);
  return {
    count: received.length,
    isInOrder,
    routed,
    refused: refused.code,
    denied,
    gone: gone.code,
  };
}
