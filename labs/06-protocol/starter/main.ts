// The program around the server; nothing is to be done here.
import { parseArgs } from 'node:util';
import { createServer } from './server.ts';

const { values } = parseArgs({
  options: {
    host: { type: 'string', default: '127.0.0.1' },
    port: { type: 'string', default: '7006' },
  },
});
const server = createServer({ host: values.host, port: Number(values.port) });
console.log(`listening on ${values.host}:${server.port}`);
for (;;) server.turn(-1);
