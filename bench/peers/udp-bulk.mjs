// A receiver and a sender of a bulk flow of datagrams on edgewise: what udp_bulk.c is in C, with the
// same arguments, windows and reports.
import { bindDatagram, Reactor } from '../../dist/index.js';
import { MessageBatch } from '../../dist/sys/index.js';

const BURST_MAX = 63_000;
const WINDOW = 2 * BURST_MAX;
const HOST = '127.0.0.1';
const [role, ...rest] = process.argv.slice(2);
const offload = rest.at(-1) === 'offload';
const report = new Uint32Array(1);
const reportBytes = new Uint8Array(report.buffer);

function receive() {
  const reactor = new Reactor();
  const from = bindDatagram({ host: HOST, reactor, handlers: {} }).address; // an address to reuse
  let [received, reported] = [0, 0];
  const handlers = {
    messages(socket, batch, count) {
      for (let i = 0; i < count; i++) {
        const length = batch.lengths[i];
        if (length === 1)
          received = reported = 0; // a new sender
        else received += length;
      }
      if (received - reported < BURST_MAX / 2) return;
      reported = received;
      report[0] = received;
      batch.address(0, from);
      socket.send(reportBytes, from);
    },
  };
  const socket = bindDatagram({ host: HOST, reactor, handlers, gro: offload });
  console.log(`listening on ${HOST}:${socket.port}`);
  for (;;) reactor.turn(-1);
}

function send(port, seconds, size) {
  const reactor = new Reactor();
  const count = Math.min(64, Math.floor(BURST_MAX / size));
  const bytes = Buffer.alloc(count * size);
  const options = { segmentSize: size };
  const batch = new MessageBatch(count, size);
  batch.lengths.fill(size);
  let [sent, confirmed] = [0, 0];
  const sendBursts = (socket) => {
    while (sent - confirmed + BURST_MAX <= WINDOW) {
      if (offload) socket.send(bytes, undefined, options);
      else socket.sendMany(batch, count);
      sent += bytes.length;
    }
  };
  const handlers = {
    message(socket, reportBytes) {
      confirmed += (reportBytes.readUInt32LE() - confirmed) >>> 0;
      sendBursts(socket);
    },
  };
  const socket = bindDatagram({ host: HOST, reactor, handlers });
  socket.connect({ address: HOST, port });
  socket.send('x');
  const cpuBefore = process.cpuUsage();
  const begin = performance.now();
  sendBursts(socket);
  while (performance.now() - begin < seconds * 1000) reactor.turn(100);
  const elapsed = performance.now() - begin;
  const { user, system } = process.cpuUsage(cpuBefore);
  console.log(`${confirmed} ${user + system} ${elapsed}`);
  reactor.close();
}

if (role === 'receive') receive();
else send(...rest.slice(0, 3).map(Number));
