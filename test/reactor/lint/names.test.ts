// `new Reactor({ lint: true })` names options that no one reads, whatever function of whatever layer they
// are given to.
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setImmediate as aPass } from 'node:timers/promises';
import { afterAll, expect, it, onTestFinished } from 'vitest';
import {
  adoptConnection,
  adoptDatagram,
  adoptListener,
  bindDatagram,
  type Connection,
  Interest,
  listen,
  offerHandOver,
  Reactor,
  relay,
  takeOver,
  watchExit,
} from '../../../src/index.ts';
import { Mailbox, MailboxSender, ReactorPool } from '../../../src/multi/index.ts';
import { Proactor } from '../../../src/proactor/index.ts';
import * as promises from '../../../src/promises/index.ts';
import { toDuplex } from '../../../src/stream/duplex.ts';
import { serveHttp } from '../../../src/stream/serve-http.ts';
import { useDescriptors } from '../../helpers/descriptors.ts';

const HOST = '127.0.0.1';
const descriptors = useDescriptors();
const noop = () => undefined;

/** A function, an option of it that is misspelt, and a call with both. */
// biome-ignore lint/suspicious/noExplicitAny: each takes options of its own, and wrong ones
type Options = any;
type Case = readonly [name: string, wrong: object, call: (options: Options) => unknown];

const handlers = {};
const adopting =
  (make: () => number, adopt: (fd: number, options: Options) => { destroy(): void }) =>
  (options: Options) =>
    adopt(descriptors.release(make()), options).destroy();

const POOL = { size: 1, module: '/nonexistent/module.mjs' };
const HAND_OVER = {
  path: join(mkdtempSync(join(tmpdir(), 'edgewise-names-')), 'socket'),
  sockets: { one: { fd: 0, isClosed: true, close: noop } },
  handlers: { handedOver: noop },
};
afterAll(() => rmSync(dirname(HAND_OVER.path), { recursive: true }));

// The reactor is with the options that are misspelt, which are an option here.
interface Within {
  readonly tcp?: Partial<WithReactor> & { readonly keepAlive?: WithReactor };
  readonly batch?: WithReactor;
}
interface WithReactor {
  readonly reactor: Reactor;
}

function reactorIn({ tcp, batch }: Within): { reactor: Reactor; others: object } {
  const { reactor, ...others } = (tcp?.keepAlive ?? tcp ?? batch) as WithReactor;
  if (batch !== undefined) return { reactor, others: { batch: others } };
  return {
    reactor,
    others: { tcp: tcp?.keepAlive === undefined ? others : { keepAlive: others } },
  };
}

function listenWith(within: Within): void {
  const { reactor, others } = reactorIn(within);
  listen({ reactor, handlers, host: HOST, ...others }).close();
}

function bindWith(within: Within): void {
  const { reactor, others } = reactorIn(within);
  bindDatagram({ reactor, handlers, host: HOST, ...others }).destroy();
}

function sendWith({ reactor, ...options }: WithReactor & { readonly onRom: number }): void {
  const mailbox = new Mailbox({ reactor, onMessage: noop });
  new MailboxSender(mailbox.address, { reactor, ...options } as WithReactor).close();
  mailbox.close();
}

function relayWith({ reactor, ...options }: WithReactor & object): void {
  const [a, b] = [0, 1].map(() => {
    const fd = descriptors.release(descriptors.socketpair()[0]);
    return adoptConnection(fd, { reactor, handlers });
  }) as [Connection, Connection];
  reactor.turn(0); // it is open after that
  relay(a, b, options).destroy();
}

function registerWith({
  reactor,
  ...handler
}: WithReactor & { readonly onReady: () => void }): void {
  reactor.register(descriptors.socketpair()[0], Interest.Readable, handler).close();
}

const CASES: readonly Case[] = [
  [
    'adoptListener',
    { handlers, exlusive: 1 },
    adopting(() => descriptors.listener().fd, adoptListener),
  ],
  [
    'adoptConnection',
    { handlers, idleTimeout: 1 },
    adopting(() => descriptors.socketpair()[0], adoptConnection),
  ],
  ['adoptDatagram', { handlers, bach: 1 }, adopting(() => descriptors.udp().fd, adoptDatagram)],
  ['listen', { host: HOST, prot: 1 }, (options) => promises.listen(options).close()],
  ['connect', { host: HOST, port: 1, tpc: 1 }, (options) => promises.connect(options).catch(noop)],
  ['bind', { host: HOST, quequeBytesMax: 1 }, (options) => promises.bind(options).destroy()],
  ['listen: tcp', { noDelya: true }, (tcp) => listenWith({ tcp })],
  ['listen: keepAlive', { idleSecond: 1 }, (keepAlive) => listenWith({ tcp: { keepAlive } })],
  ['bindDatagram: batch', { bytesMx: 1 }, (batch) => bindWith({ batch })],
  ['Proactor', { trigerr: 'edge' }, (options) => new Proactor(options).close()],
  ['ReactorPool', { ...POOL, balanc: 1 }, (options) => new ReactorPool(options)],
  ['Mailbox', { onMessage: noop, laneByte: 64 }, (options) => new Mailbox(options).close()],
  ['MailboxSender', { onRom: 1 }, sendWith],
  ['watchExit', { asyncContex: 1 }, (options) => watchExit(process.pid, options, noop).close()],
  ['attach', { drivr: 'nested' }, ({ reactor, ...options }) => reactor.attach(options)],
  ['trace', { levl: 'counts' }, ({ reactor, ...options }) => reactor.trace(options).close()],
  ['relay', { copi: true }, relayWith],
  [
    'offerHandOver',
    { ...HAND_OVER, confirmTimeout: 9 },
    (options) => offerHandOver(options).destroy(),
  ],
  [
    'takeOver',
    { path: '/nonexistent/socket', timeoutM: 9 },
    (options) => takeOver(options).catch(noop),
  ],
  ['register: handler', { onReady: noop, queudBytes: noop }, registerWith],
  ['sleep', { singal: 1 }, (options) => promises.sleep(0, options).catch(noop)],
  ['interval', { singal: 1 }, (options) => promises.interval(1, options).next().catch(noop)],
  [
    'readable',
    { singal: 1 },
    (options) => promises.readable(descriptors.pipe()[1], options).catch(noop),
  ],
  ['serveHttp', { host: HOST, prot: 1 }, (options) => serveHttp(createServer(), options).close()],
  [
    'toDuplex',
    { highWatermark: 1 },
    ({ reactor, ...options }: { reactor: Reactor }) => {
      const fd = descriptors.release(descriptors.socketpair()[0]);
      const duplex = toDuplex(adoptConnection(fd, { reactor, handlers }), options);
      duplex.destroy();
    },
  ],
];

it.each(CASES)('%s', async (_name, wrong, call) => {
  const reactor = descriptors.using(new Reactor({ lint: true }));
  const found: string[] = [];
  const note = ({ message, name }: Error) => void (name === 'EdgewiseLint' && found.push(message));
  process.on('warning', note);
  onTestFinished(() => void process.off('warning', note));
  call({ ...wrong, reactor });
  if (reactor.driverMode === undefined) reactor.attach();
  for (let pass = 0; pass < 5; pass++) await aPass();
  const misspelt = Object.keys(wrong).at(-1);
  expect(found).toEqual([expect.stringContaining(`has no "${misspelt}"; is "`)]);
});

it('names of a handler that it has beside those that are read are its own', async () => {
  const reactor = descriptors.using(new Reactor({ lint: true }));
  const found: string[] = [];
  const note = ({ message, name }: Error) => void (name === 'EdgewiseLint' && found.push(message));
  process.on('warning', note);
  onTestFinished(() => void process.off('warning', note));
  const own = { onReady: noop, onRead: noop, queuedBytes: () => 0, bytes: 7, finish: noop };
  reactor.register(descriptors.socketpair()[0], Interest.Readable, own).close();
  await aPass();
  expect(found).toEqual([]);
});
