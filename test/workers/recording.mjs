// Records as fast as it can, without end, what another thread reads: events with rising numbers, in
// blocks with another count of open registrations each, which is in the generations of those.
import { parentPort } from 'node:worker_threads';
import { StreamParts } from '../../dist/trace/parts.js';
import { Recorder } from '../../dist/trace/recorder.js';

const CAPACITY = 8192;
const OPEN_MAX = 500;

let open = 0;
const reactor = {
  clock: new Float64Array(1),
  get registrationCount() {
    open = (open + 70) % OPEN_MAX; // other counts, so that blocks outgrow their memory
    return open;
  },
  eachOpen(visit) {
    for (let fd = 0; fd < open; fd++) visit(fd, fd, open, 0, 0, 0);
  },
};
const parts = new StreamParts({ thread: 1, backend: 'none', level: 'events' });
const recorder = new Recorder(reactor, parts, { capacity: CAPACITY, keepsFirst: false });
parts.share((part) => parentPort.postMessage(part));
for (let count = 0; ; count++) {
  reactor.clock[0] = count;
  const number = count % 0x7fff_ffff;
  recorder.record(1, number, 0, number, number, number);
  recorder.publish();
}
