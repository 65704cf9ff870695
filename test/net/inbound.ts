// What tests of datagram sockets share: handlers that write down what they were called with, and a
// reactor that is driven by hand until something has happened.
import { bindDatagram } from '../../src/net/datagram/bind.ts';
import type { DatagramHandlers, DatagramOptions } from '../../src/net/datagram/options.ts';
import type { ReactorOptions } from '../../src/reactor/options.ts';
import { Reactor } from '../../src/reactor/reactor.ts';
import type { Descriptors } from '../helpers/descriptors.ts';
import { turnUntil } from '../helpers/handlers.ts';
import { codeOf, type EachGiven } from './recorder.ts';

export const HOST = '127.0.0.1';

/** Writes down what the handlers of a socket are called with. */
export class Inbound {
  readonly messages: string[] = [];
  readonly lengths: number[] = [];
  readonly senders: string[] = [];
  readonly truncated: boolean[] = [];
  readonly errors: (string | undefined)[] = [];
  drains = 0;
  closes = 0;
  readonly handlers: EachGiven<Omit<DatagramHandlers, 'messages' | 'descriptors'>> = {
    message: (_socket, bytes, from, isTruncated) => {
      this.messages.push(bytes.toString());
      this.lengths.push(bytes.length);
      this.senders.push(from.toString());
      this.truncated.push(isTruncated);
    },
    drain: () => void this.drains++,
    error: (_socket, error) => void this.errors.push(codeOf(error)),
    close: () => void this.closes++,
  };
}

/** A reactor, and sockets on it that are closed after the test. */
export function datagramWorld(
  descriptors: Descriptors,
  trigger: 'level' | 'edge',
  options: ReactorOptions = {},
) {
  const reactor = descriptors.using(new Reactor(options));
  const bind = (handlers: DatagramHandlers, more: Partial<DatagramOptions> = {}) => {
    const isUnix = more.path !== undefined || more.abstract !== undefined;
    const place = isUnix ? {} : { host: HOST };
    return descriptors.using(bindDatagram({ ...place, trigger, handlers, reactor, ...more }));
  };
  return { reactor, bind, turnUntil: (isDone: () => boolean) => turnUntil(reactor, isDone) };
}
