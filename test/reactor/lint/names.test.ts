// `new Reactor({ lint: true })` names options that no one reads, whatever function of whatever layer they
// are given to.
import { createServer } from 'node:http';
import { setImmediate as aPass } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { adoptConnection, adoptDatagram, adoptListener, Reactor } from '../../../src/index.ts';
import * as promises from '../../../src/promises/index.ts';
import { toDuplex } from '../../../src/stream/duplex.ts';
import { serveHttp } from '../../../src/stream/serve-http.ts';
import { useDescriptors } from '../../helpers/descriptors.ts';

const HOST = '127.0.0.1';
const descriptors = useDescriptors();
const noop = () => undefined;

/** A function, an option of it that is misspelt, and a call with both. */
type Case = readonly [name: string, wrong: object, call: (options: never) => unknown];

const handlers = {};
const adopting =
  (make: () => number, adopt: (fd: number, options: never) => { destroy(): void }) =>
  (options: never) =>
    adopt(descriptors.release(make()), options).destroy();

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
  reactor.attach();
  const found: string[] = [];
  const note = ({ message, name }: Error) => void (name === 'EdgewiseLint' && found.push(message));
  process.on('warning', note);
  onTestFinished(() => void process.off('warning', note));
  call({ ...wrong, reactor } as never);
  for (let pass = 0; pass < 5; pass++) await aPass();
  const misspelt = Object.keys(wrong).at(-1);
  expect(found).toEqual([expect.stringContaining(`has no "${misspelt}"; is "`)]);
});
