// Ends in order at SIGTERM: accepts no more, lets each client have what was written to it, and has a limit.
import { type ConnectionHandlers, listen } from 'edgewise';

const CLOSE_MS = 5000;

const handlers: ConnectionHandlers = {
  data: (connection, bytes) => void connection.write(bytes),
};
const listener = listen({ host: '127.0.0.1', port: Number(process.argv[2] ?? 7007), handlers });
console.log(`listening on ${listener.address}`);

function stop(): void {
  listener.close(); // clients that connect from here on are refused
  for (const connection of listener.connections) connection.close({ timeoutMs: CLOSE_MS });
  console.log(`${listener.connections.size} to finish`);
} // nothing keeps the process alive when the last one is gone

process.once('SIGTERM', stop).once('SIGINT', stop);
process.once('exit', () => console.log('all have gone'));
