// Reads what clients send, and drops it, on edgewise's handlers.
// Usage: handlers-sink.mjs [level|edge]. Prints "listening on HOST:PORT".
import { listen } from '../../../dist/index.js';

const [trigger = 'level'] = process.argv.slice(2);
const host = '127.0.0.1';
const listener = listen({ host, trigger, handlers: { data: () => undefined } });
process.stdout.write(`listening on ${host}:${listener.port}\n`);
