// The program around the proxy; nothing is to be done here.
import { parseArgs } from 'node:util';
import { createProxy } from './proxy.ts';

const { values } = parseArgs({
  options: {
    host: { type: 'string', default: '127.0.0.1' },
    port: { type: 'string', default: '7007' },
    to: { type: 'string', default: '127.0.0.1:7006' },
    'connect-ms': { type: 'string', default: '5000' },
    'idle-ms': { type: 'string', default: '60000' },
  },
});
const [host = '', port] = values.to.split(':');
const proxy = createProxy({
  host: values.host,
  port: Number(values.port),
  to: { host, port: Number(port) },
  connectMs: Number(values['connect-ms']),
  idleMs: Number(values['idle-ms']),
});
console.log(`listening on ${values.host}:${proxy.port}`);
for (;;) proxy.turn(-1);
