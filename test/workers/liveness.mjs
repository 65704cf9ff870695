// A process whose life is the test: `node liveness.mjs <case> <net> <trigger>`, where <net> is 'node' or
// 'edgewise'. The socket of the case is the only thing that may keep it alive: its peer, of node:net,
// is unref'd. What it prints is looked at in test/node-net/liveness.test.ts.
import nodeNet from 'node:net';
import edgewiseNet from '../../dist/node-net/index.js';

const [, , name, kind, trigger] = process.argv;
const net = kind === 'node' ? nodeNet : edgewiseNet;
const host = '127.0.0.1';
const LONG = Buffer.alloc(process.env.EDGEWISE_TEST_CUT === '1' ? 100_000 : 20_000_000);
const said = [];
const say = (text) => said.push(text);
const errors = (socket) => socket.on('error', (error) => say(error.code));

// Calls `use` with what connects to a listener of node:net, which keeps nothing alive.
function toPeer(onPeer, use) {
  const server = nodeNet.createServer({ allowHalfOpen: true }, (peer) =>
    onPeer(errors(peer.unref())),
  );
  server.listen(0, host, () => {
    const { port } = server.address();
    use((options) => errors(net.connect({ port, host, trigger, ...options })));
  });
  server.unref();
}

// Calls `onSocket` with what our side has accepted from a peer that keeps nothing alive.
function fromPeer(options, onSocket, onPeer) {
  const server = net.createServer({ trigger, ...options }, (socket) => onSocket(errors(socket)));
  server.listen(0, host, () => {
    const peer = errors(nodeNet.connect(server.address().port, host).unref());
    peer.on('connect', () => onPeer(peer));
  });
  server.unref();
}

// Long enough for whatever ends it to do so; 'alive' says that it was kept until then.
function watch() {
  setTimeout(() => {
    say('alive');
    process.exit();
  }, 400).unref();
}

const ignore = () => undefined;

const CASES = {
  'a socket that was never connected': () => new net.Socket(),
  'a look-up that never answers': () => {
    net.connect({ port: 1, host: 'a.test', lookup: ignore });
  },
  'paused before it was connected': () => toPeer(ignore, (connect) => connect().pause()),
  'connected, read by nothing, the peer silent': () =>
    toPeer(ignore, (connect) => connect().on('connect', watch)),
  'flowing, the peer silent': () =>
    toPeer(ignore, (connect) => connect().resume().on('connect', watch)),
  'flowing, unref’d': () => toPeer(ignore, (connect) => connect().resume().unref()),
  'unref’d and ref’d again': () =>
    toPeer(ignore, (connect) => connect().resume().unref().on('connect', watch).ref()),
  'unref’d before it is connected': () =>
    toPeer(ignore, (connect) => {
      connect()
        .unref()
        .on('connect', () => say('connected'));
    }),
  'read by nothing, the buffer full': () =>
    toPeer(
      (peer) => peer.write('abc'),
      (connect) => connect({ highWaterMark: 1 }),
    ),
  'paused with data unread, and resumed': () =>
    toPeer(
      (peer) => peer.write('abc'),
      (connect) => {
        const socket = connect({ highWaterMark: 1 });
        setTimeout(() => socket.resume().on('data', watch), 50);
      },
    ),
  'the peer has ended, ours is half open': () =>
    fromPeer(
      { allowHalfOpen: true },
      (socket) => socket.resume(),
      (peer) => peer.end(),
    ),
  'the peer has ended, read by nothing': () =>
    fromPeer({ allowHalfOpen: true }, ignore, (peer) => peer.end()),
  'our side is ended, the peer’s is open': () =>
    fromPeer({}, (socket) => socket.resume().end().on('finish', watch), ignore),
  'unref’d with bytes to be sent': () => {
    toPeer(
      (peer) => {
        peer.pause();
        setTimeout(() => peer.resume(), 50).unref();
      },
      (connect) => {
        const socket = connect();
        socket.on('connect', () => {
          socket.unref();
          socket.end(LONG, () => say('finished'));
        });
        process.prependListener('exit', () => say(`left ${socket.writableLength}`));
      },
    );
  },
  'unref’d before it is connected, with bytes to be sent': () => {
    toPeer(
      (peer) => peer.resume(),
      (connect) => {
        const socket = connect().unref();
        socket.write(LONG, () => say('written'));
      },
    );
  },
  'a listener': () => {
    net.createServer().listen(0, host, watch);
  },
  'a listener that is unref’d': () => {
    net.createServer().listen(0, host).unref();
  },
};

if (name === undefined) process.stdout.write(JSON.stringify(Object.keys(CASES)));
else {
  process.on('exit', () => process.stdout.write(said.join(', ')));
  CASES[name]();
}
