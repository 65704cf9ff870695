// mqtt with the broker aedes, over TCP and over TLS.
import net from 'node:net';
import tls from 'node:tls';
import { Aedes } from 'aedes';
import mqtt from 'mqtt';
import { certificate, closed, HOST, portOf } from './help.mjs';

async function over(server, broker, protocol) {
  server.listen(0, HOST);
  const port = await portOf(server);
  const options = { protocol, host: HOST, port, rejectUnauthorized: false, reconnectPeriod: 0 };
  const client = await mqtt.connectAsync(options);
  await client.subscribeAsync('topic/#', { qos: 1 });
  const received = [];
  const both = new Promise((resolve) => {
    client.on('message', (topic, payload) => {
      received.push([topic, payload.length]);
      if (received.length === 2) resolve();
    });
  });
  await client.publishAsync('topic/small', 'x', { qos: 1 });
  await client.publishAsync('topic/large', Buffer.alloc(300_000, 'y'), { qos: 2 });
  await both;
  const count = broker.connectedClients;
  await client.endAsync();
  await closed(server);
  return { received, count };
}

export async function run() {
  const broker = await Aedes.createBroker();
  const plain = await over(net.createServer(broker.handle), broker, 'mqtt');
  const secure = await over(tls.createServer(certificate(), broker.handle), broker, 'mqtts');
  await new Promise((resolve) => broker.close(resolve));
  return { plain, secure };
}
