// The servers on Bun's own interfaces, as its documentation has them (bun.sh/docs, "TCP", "UDP" and
// "HTTP"): handlers that all sockets share, and what `write` did not take is kept until `drain`.
// Bun sets TCP_NODELAY and SO_REUSEADDR by itself.
// Usage: bun servers.mjs tcp-echo|tcp-sink|udp-echo|http. Prints "listening on 127.0.0.1:PORT".
const hostname = '127.0.0.1';
const body = 'hello, world\n';

/** Writes what the kernel takes; the rest waits, and reading with it. */
function send(socket, bytes) {
  const written = socket.write(bytes);
  if (written === bytes.length || written < 0) return;
  const rest = bytes.subarray(written);
  socket.data = socket.data === undefined ? rest : Buffer.concat([socket.data, rest]);
  socket.pause();
}

const echo = {
  data(socket, bytes) {
    if (socket.data === undefined) send(socket, bytes);
    else socket.data = Buffer.concat([socket.data, bytes]);
  },
  drain(socket) {
    const rest = socket.data;
    if (rest === undefined) return;
    socket.data = undefined;
    send(socket, rest);
    if (socket.data === undefined) socket.resume();
  },
  error: (socket) => socket.terminate(),
};

const servers = {
  'tcp-echo': () => Bun.listen({ hostname, port: 0, socket: echo }),
  'tcp-sink': () => Bun.listen({ hostname, port: 0, socket: { data: () => undefined } }),
  'udp-echo': () =>
    Bun.udpSocket({
      hostname,
      socket: { data: (socket, bytes, port, address) => socket.send(bytes, port, address) },
    }),
  http: () => Bun.serve({ hostname, port: 0, fetch: () => new Response(body) }),
};

const server = await servers[process.argv[2]]();
console.log(`listening on ${hostname}:${server.port}`);
