// Started by activation.test.ts as a supervisor starts a service: says in one line of JSON on
// stderr what it was given, serves an echo on each socket until a client ends, and exits.
import {
  activationSockets,
  adoptConnection,
  adoptDatagram,
  adoptListener,
} from '../../dist/index.js';
import * as sys from '../../dist/sys/index.js';

const { F_GETFD, FD_CLOEXEC } = sys.constants;

function report(value) {
  process.stderr.write(`started ${JSON.stringify(value)}\n`);
}

function serve({ fd, kind }) {
  const handlers = {
    data: (connection, bytes) => void connection.write(bytes),
    close: () => listener?.close(),
  };
  let listener;
  if (kind === 'listener') listener = adoptListener(fd, { handlers });
  if (kind === 'connection') adoptConnection(fd, { handlers });
  if (kind === 'datagram') {
    adoptDatagram(fd, { handlers: { message: (socket) => socket.close() } });
  }
}

try {
  const options = JSON.parse(process.argv[2] ?? '{}');
  const sockets = activationSockets(options);
  const isCloexec = sockets.every(({ fd }) => sys.fcntl(fd, F_GETFD) === FD_CLOEXEC);
  const left = Object.keys(process.env).filter((name) => name.startsWith('LISTEN_'));
  report({ sockets, isCloexec, left, again: activationSockets().length });
  for (const socket of sockets) serve(socket);
} catch (error) {
  report({ code: error.code });
}
