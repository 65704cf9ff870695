// Connects to a closed port of the ephemeral range again and again: `npm run test:long --
// self-connect [tries]` (200,000). On loopback the kernel now and then gives such a socket
// the very port that it connects to, and it is then connected to itself (simultaneous open). The net
// layer must count that as refused; plain sockets beside it show how often it happens.
import { connect, Reactor } from '../dist/index.js';
import * as sys from '../dist/sys/index.js';

const HOST = '127.0.0.1';
const AT_ONCE = 100;
const { AF_INET, SOCK_STREAM } = sys.constants;
const tries = Number(process.argv[2] ?? 200_000);

const socket = () => sys.socket(AF_INET, SOCK_STREAM);

/** A port of the ephemeral range that the kernel itself prefers for connects: a connect got it. */
function closedPort() {
  const listener = socket();
  const name = new sys.SocketAddress();
  sys.bind(listener, { address: HOST });
  sys.listen(listener);
  sys.getsockname(listener, name);
  const client = socket();
  sys.connect(client, { address: HOST, port: name.port });
  sys.getsockname(client, name);
  const linger = Int32Array.of(1, 0); // a reset, so that no TIME_WAIT holds the port
  sys.setsockopt(client, sys.constants.SOL_SOCKET, sys.constants.SO_LINGER, linger);
  sys.close(client);
  sys.close(listener);
  return name.port;
}

/** Whether a plain, blocking connect succeeded: nothing listens, so it met itself. */
function plainConnect(port) {
  const fd = socket();
  const result = sys.connect(fd, { address: HOST, port });
  sys.close(fd);
  return result === 0;
}

const port = closedPort();
const reactor = new Reactor();
reactor.attach();
const counts = { opened: 0, codes: {}, plain: 0 };

function dial() {
  return new Promise((resolve) => {
    const open = (connection) => {
      counts.opened++;
      connection.destroy();
    };
    const close = (_, error) => {
      const code = error?.code ?? 'orderly';
      counts.codes[code] = (counts.codes[code] ?? 0) + 1;
      resolve();
    };
    connect({ host: HOST, port, reactor, handlers: { open, close } });
  });
}

for (let done = 0; done < tries; done += AT_ONCE) {
  for (let i = 0; i < AT_ONCE; i++) if (plainConnect(port)) counts.plain++;
  await Promise.all(Array.from({ length: AT_ONCE }, dial));
}
reactor.close();
console.log(`port ${port}, ${tries} tries each`);
console.log(`plain sockets met themselves ${counts.plain} times`);
console.log(`the net layer: ${counts.opened} opened, ${JSON.stringify(counts.codes)}`);
process.exit(counts.opened === 0 && Object.keys(counts.codes).join() === 'ECONNREFUSED' ? 0 : 1);
