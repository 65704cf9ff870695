// A server that answers each line in upper case. It knows nothing of tests.
import { type Listener, listen } from 'edgewise';

export function startServer(port: number): Listener<string> {
  return listen<string>({
    port,
    createData: () => '',
    handlers: {
      data(connection, bytes) {
        const lines = (connection.data + bytes.toString()).split('\n');
        connection.data = lines.pop() ?? ''; // what is behind the last end of a line has not come whole
        for (const line of lines) connection.write(`${line.toUpperCase()}\n`);
      },
      end: (connection) => connection.end(),
    },
  });
}
