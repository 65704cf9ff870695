// A chat server, step 1: it listens, greets each client, and sends back what comes.
import { listen } from 'edgewise';

const port = Number(process.argv[2] ?? 7000);

const listener = listen({
  host: '127.0.0.1',
  port,
  handlers: {
    open(connection) {
      console.log('a client is here');
      connection.write('* welcome\n');
    },
    data(connection, bytes) {
      console.log(`${bytes.length} bytes: ${JSON.stringify(bytes.toString())}`);
      connection.write(bytes);
    },
    close() {
      console.log('a client has gone');
    },
  },
});
console.log(`listening on ${listener.address}`);
