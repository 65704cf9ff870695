// Serves the socket of a supervisor, such as systemd, when there is one, and listens itself otherwise.
import { activationSockets, adoptListener, type ConnectionHandlers, listen } from 'edgewise';

const handlers: ConnectionHandlers = {
  data: (connection, bytes) => void connection.write(bytes),
};

const [given] = activationSockets().filter(({ kind }) => kind === 'listener');
const listener =
  given === undefined
    ? listen({ host: '127.0.0.1', port: Number(process.argv[2] ?? 7011), handlers })
    : adoptListener(given.fd, { handlers });
console.log(`${given === undefined ? 'listening' : 'adopted'} on ${listener.address}`);
process.once('SIGTERM', () => listener.close());
