// Full load for a reactor: pairs of which each end answers the other, without rest.
import * as sys from '../../dist/sys/index.js';
import { Interest } from './core.mjs';

const { AF_UNIX, SOCK_STREAM, SOCK_NONBLOCK, SOCK_CLOEXEC } = sys.constants;

/** Registers `pairCount` pairs. @returns what counts the answers that were given. */
export function pingPong(reactor, pairCount, trigger = 'level') {
  const byte = Buffer.alloc(1);
  const answers = { count: 0, fds: [] };
  const handler = {
    onReady(_readiness, registration) {
      while (sys.read(registration.fd, byte) === 1) {
        sys.write(registration.fd, byte);
        answers.count++;
      }
    },
  };
  for (let i = 0; i < pairCount; i++) {
    const fds = new Int32Array(2);
    sys.socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds);
    for (const fd of fds) reactor.register(fd, Interest.Readable, handler, { trigger });
    answers.fds.push(...fds);
    sys.write(fds[0], byte);
  }
  return answers;
}
