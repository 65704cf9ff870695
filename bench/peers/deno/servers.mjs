// The servers on Deno's own interfaces, as its documentation has them (docs.deno.com, Deno.listen,
// Deno.listenDatagram, Deno.serve): a loop of awaits per connection, a buffer of its own for each.
// Usage: deno run --allow-net --unstable-net servers.mjs tcp-echo|tcp-sink|udp-echo|http
// Prints "listening on 127.0.0.1:PORT".
const address = { hostname: '127.0.0.1', port: 0 };
const body = 'hello, world\n';
const BUFFER_SIZE = 64 * 1024;
const BACKLOG = 4096;

const announce = ({ port }) => console.log(`listening on ${address.hostname}:${port}`);

async function writeAll(connection, bytes) {
  for (let at = 0; at < bytes.length; ) at += await connection.write(bytes.subarray(at));
}

async function echo(connection, isSink) {
  const buffer = new Uint8Array(BUFFER_SIZE);
  try {
    connection.setNoDelay(true);
    for (;;) {
      const length = await connection.read(buffer);
      if (length === null) break;
      if (!isSink) await writeAll(connection, buffer.subarray(0, length));
    }
  } catch {
    // the client has gone
  }
  connection.close();
}

async function serveTcp(isSink) {
  const listener = Deno.listen({ ...address, tcpBacklog: BACKLOG });
  announce(listener.addr);
  for await (const connection of listener) echo(connection, isSink);
}

async function serveUdp() {
  const socket = Deno.listenDatagram({ ...address, transport: 'udp' });
  announce(socket.addr);
  const buffer = new Uint8Array(BUFFER_SIZE);
  for (;;) {
    const [bytes, from] = await socket.receive(buffer);
    await socket.send(bytes, from);
  }
}

const servers = {
  'tcp-echo': () => serveTcp(false),
  'tcp-sink': () => serveTcp(true),
  'udp-echo': serveUdp,
  http: () => Deno.serve({ ...address, onListen: announce }, () => new Response(body)),
};

await servers[Deno.args[0]]();
