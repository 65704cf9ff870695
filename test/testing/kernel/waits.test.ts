// poll of `edgewise/sys` over the simulated kernel: what the real one reports, in simulated time.
import { expect, test } from 'vitest';
import * as sys from '../../../src/sys/index.ts';
import { simulate } from '../../../src/testing/index.ts';

const { AF_UNIX, SOCK_STREAM, SOCK_NONBLOCK, SHUT_WR } = sys.constants;
const { POLLIN, POLLOUT, POLLHUP, POLLERR, POLLNVAL, POLLRDHUP, POLLRDNORM } = sys.constants;

type Outcome = readonly (readonly number[])[];

// The same calls on whatever kernel is there: what each poll found.
function script(): Outcome {
  const fds = new Int32Array(2);
  const found: number[][] = [];
  const entries = new sys.PollDescriptors(4);
  const look = (timeoutMs: number, call: typeof sys.poll = sys.poll): void => {
    const count = call(entries, 4, timeoutMs);
    found.push([count, ...[0, 1, 2, 3].map((index) => entries.revents(index))]);
  };
  sys.socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds);
  const [left = -1, right = -1] = fds;
  entries.set(0, left, POLLIN | POLLRDNORM | (POLLRDHUP ?? 0));
  entries.set(1, left, POLLIN | POLLOUT);
  look(0);
  entries.set(1, left, POLLIN);
  look(5); // time is up
  sys.send(right, Buffer.from('x'));
  look(-1);
  look(-1, sys.ppoll);
  sys.shutdown(right, SHUT_WR);
  look(-1);
  sys.close(right);
  entries.set(2, right, POLLIN);
  look(-1);
  sys.pipe2(fds, 0);
  const [readEnd = -1, writeEnd = -1] = fds;
  entries.set(2, readEnd, 0);
  sys.close(writeEnd);
  look(-1);
  for (const fd of [left, readEnd]) sys.close(fd);
  return found;
}

test.runIf(process.platform === 'linux')('finds what the real kernel finds', async () => {
  const real = script();
  let simulated: Outcome = [];
  await simulate({}, () => {
    simulated = script();
  });
  expect(simulated).toEqual(real);
  expect(real.flat()).toEqual(expect.arrayContaining([POLLIN, POLLNVAL, POLLHUP]));
  expect(real.flat()).not.toContain(POLLERR);
});

test('waits in simulated time', () =>
  simulate({}, (sim) => {
    const fds = new Int32Array(2);
    sys.socketpair(AF_UNIX, SOCK_STREAM, 0, fds);
    const entries = new sys.PollDescriptors(1);
    entries.set(0, fds[0] ?? -1, POLLIN);
    const startMs = sim.now;
    expect(sys.poll(entries, 1, 3_600_000)).toBe(0);
    expect(sys.ppoll(entries, 0, 0.5)).toBe(0);
    expect(sim.now - startMs).toBeCloseTo(3_600_000.5);
    for (const fd of fds) sys.close(fd);
  }));

test('fails where a test has asked it to', () =>
  simulate({}, (sim) => {
    sim.fail('poll', 'EINTR');
    const entries = new sys.PollDescriptors(1);
    expect(sys.errnoName(sys.poll(entries, 0, 60_000))).toBe('EINTR');
  }));
