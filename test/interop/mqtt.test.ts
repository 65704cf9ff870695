// mqtt with the aedes broker, both over our streams.
import { Aedes } from 'aedes';
import { MqttClient } from 'mqtt';
import { expect, it } from 'vitest';
import { volume } from '../helpers/cuts.ts';
import { eachTriggerOf } from './sides.ts';

const LARGE = volume(300_000);

eachTriggerOf('mqtt', (sides) => {
  it('publishes to subscribers, small and large', async () => {
    const broker = await Aedes.createBroker();
    const port = sides.serve((stream) => broker.handle(stream));
    const client = new MqttClient(() => sides.dial(port), { protocolVersion: 4 });
    await client.subscribeAsync('topic/#', { qos: 1 });
    const received: string[] = [];
    const both = new Promise<void>((resolve) => {
      client.on('message', (topic, payload) => {
        received.push(`${topic} ${payload.length}`);
        if (received.length === 2) resolve();
      });
    });
    await client.publishAsync('topic/small', 'x', { qos: 1 });
    await client.publishAsync('topic/large', Buffer.alloc(LARGE, 'y'), { qos: 1 });
    await both;
    expect(received).toEqual(['topic/small 1', `topic/large ${LARGE}`]);
    await client.endAsync();
    await new Promise<void>((resolve) => broker.close(() => resolve()));
  });
});
