// A server that answers each line in upper case. Lab 3: fill in the tasks a to e.
import { Interest, Poller } from 'edgewise';
import * as sys from 'edgewise/sys';

const { AF_INET, SOCK_STREAM, SOCK_NONBLOCK, SOL_SOCKET, SO_REUSEADDR } = sys.constants;

export interface Server {
  readonly port: number;
  /** Waits for at most so long (-1: for ever), and handles what has come. */
  turn(timeoutMs: number): void;
  close(): void;
}

export function createServer({ host, port }: { host: string; port: number }): Server {
  const poller = new Poller();
  const listener = must(sys.socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK));
  must(sys.setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, 1));
  must(sys.bind(listener, { address: host, port }));
  must(sys.listen(listener));
  const name = new sys.SocketAddress();
  must(sys.getsockname(listener, name));
  poller.add(listener, listener, Interest.Readable, 'level');
  return {
    port: name.port ?? 0,
    turn(timeoutMs) {
      const count = poller.wait(timeoutMs);
      for (let i = 0; i < count; i++) {
        // Task a: the token says which descriptor it is.
      }
    },
    close() {
      poller.remove(listener);
      sys.close(listener);
      poller.close();
    },
  };
}

function must(result: number): number {
  if (result < 0) throw new Error(sys.errnoName(result));
  return result;
}
