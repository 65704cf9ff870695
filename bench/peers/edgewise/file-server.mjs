// Sends a file to each client, by sendFile: the scenario `file` of the suite.
// Usage: file-server.mjs FILE [level|edge]. Prints "listening on 127.0.0.1:PORT".
import { openSync } from 'node:fs';
import { listen } from '../../../dist/index.js';

const [path, trigger = 'level'] = process.argv.slice(2);
const file = openSync(path, 'r');
const handlers = {
  open(connection) {
    connection.sendFile(file);
    connection.end();
  },
};
const listener = listen({ host: '127.0.0.1', trigger, handlers });
console.log(`listening on 127.0.0.1:${listener.port}`);
