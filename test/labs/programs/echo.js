// A right solution of the fake lab: the hostile programs are like it, but for one thing.
import { createServer } from 'node:net';

const server = createServer((socket) => socket.pipe(socket));
const port = Number(process.argv[process.argv.indexOf('--port') + 1]);
server.listen(port, '127.0.0.1', () => {
  console.log(`listening on 127.0.0.1:${server.address().port}`);
});
