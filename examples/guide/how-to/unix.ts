// Two processes on one machine: `node unix.ts serve PATH`, and in another terminal `node unix.ts ask PATH`. The
// kernel says which process the peer is, and a descriptor goes over the socket.
import { closeSync, openSync, readFileSync } from 'node:fs';
import { connect, listen } from 'edgewise';

const [mode, path = '/tmp/edgewise-unix.sock'] = process.argv.slice(2);

function serve(): void {
  const listener = listen({
    path,
    handlers: {
      open(connection) {
        const { uid } = connection.peerCredentials();
        if (uid !== process.getuid?.()) return connection.destroy();
        const fd = openSync('/etc/hosts', 'r');
        connection.writeDescriptors('a file\n', [fd]);
        closeSync(fd); // the peer has, or will get, a duplicate
        connection.end();
      },
    },
  });
  console.log(`listening on ${path}`);
  process.once('SIGTERM', () => listener.close()); // removes the file of the socket
}

function ask(): void {
  connect({
    path,
    receiveDescriptors: true,
    handlers: {
      descriptors(_connection, fds) {
        for (const fd of fds) {
          console.log(`a file of ${readFileSync(fd).length} bytes`);
          closeSync(fd); // ours to close
        }
      },
      close: (_connection, error) => console.log(error?.message ?? 'done'),
    },
  });
}

if (mode === 'ask') ask();
else serve();
