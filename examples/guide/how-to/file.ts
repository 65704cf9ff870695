// Sends a file to each client: `node file.ts PATH PORT`. No byte of it comes into this process.
import { openSync } from 'node:fs';
import { listen } from 'edgewise';

const [path = 'server.ts', port = '7009'] = process.argv.slice(2);
const fd = openSync(path, 'r'); // one descriptor for all clients: its position is not used

const listener = listen({
  host: '127.0.0.1',
  port: Number(port),
  handlers: {
    open(connection) {
      connection.cork(); // the head and the file leave together
      connection.write('a file follows\n');
      connection.sendFile(fd, 0, undefined, (error) => {
        console.log(error === undefined ? 'sent' : `not sent: ${error.message}`);
      });
      connection.uncork();
      connection.end();
    },
  },
});
console.log(`listening on ${listener.address}`);
process.once('SIGTERM', () => listener.close());
