// The names of our sockets and servers beside those of node:net: users extend these classes and assign
// to these objects, so that a name of ours is one that they may have taken.
import { once } from 'node:events';
import nodeNet from 'node:net';
import type { Duplex } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { connect as connectByHandlers } from '../../src/net/connect/connect.ts';
import edgewiseNet from '../../src/node-net/index.ts';
import { connect } from '../../src/promises/connect.ts';
import { bind } from '../../src/promises/datagram.ts';
import { listen } from '../../src/promises/listener.ts';
import { defaultReactor } from '../../src/reactor/index.ts';
import { toDuplex } from '../../src/stream/duplex.ts';
import { fromDuplex } from '../../src/stream/from-duplex.ts';
import { useDescriptors } from '../helpers/descriptors.ts';
import { codeOf } from '../promises/pair.ts';

const HOST = '127.0.0.1';

/** Names that are in our classes and not in those of node:net, with their reasons. */
const EXTRA: Readonly<Record<string, string>> = {
  'Socket.hasRef': 'all that can be `unref`ed says whether it is, as timers of Node do',
  'Socket.setTypeOfService': 'of the newest node:net',
  'Socket.getTypeOfService': 'as setTypeOfService',
  'Socket.timeout': 'node:net has it too, from the first setTimeout on',
  'Server.hasRef': 'as of Socket',
  'Server.maxConnections': 'node:net has it too, from the first assignment on',
};

/** Names by which the connection, its queue and the timers call what they drive. */
const INTERNAL = [
  'onReady',
  'onOpen',
  'onDrain',
  'onSent',
  'onIdle',
  'onClosed',
  'interest',
  'isUnlimited',
  'reactor',
  'attach',
  'detach',
  'giveAway',
  'takeReadAhead',
  'learnAddresses',
];

defaultReactor(); // its descriptors are no test's leak

/** The names that an object has, its own and the inherited ones. */
function namesOf(object: object): Set<string> {
  const names = new Set<string>();
  let level: object | null = object;
  while (level !== null && level !== Object.prototype) {
    for (const name of Object.getOwnPropertyNames(level)) names.add(name);
    level = Object.getPrototypeOf(level);
  }
  return names;
}

function extraNames(kind: 'Socket' | 'Server'): string[] {
  const theirs = namesOf(new nodeNet[kind]());
  const ours = [...namesOf(new edgewiseNet[kind]())];
  return ours.filter((name) => !theirs.has(name)).map((name) => `${kind}.${name}`);
}

// What a client gets when methods of this name are put on it, and on what the server has accepted.
async function textBeside(net: typeof nodeNet, name: string, trigger: string) {
  let calls = 0;
  const method = () => {
    calls++;
  };
  const options = { trigger } as nodeNet.ServerOpts;
  const server = net.createServer(options, (socket) => {
    Object.assign(socket, { [name]: method });
    socket.pipe(socket);
  });
  server.listen(0, HOST);
  await once(server, 'listening');
  class Extended extends net.Socket {}
  Object.defineProperty(Extended.prototype, name, { value: method, configurable: true });
  const client = new Extended();
  const { port } = server.address() as nodeNet.AddressInfo;
  client.connect({ port, host: HOST, trigger } as nodeNet.TcpNetConnectOpts);
  client.end('echoed');
  let text = '';
  for await (const chunk of client) text += chunk;
  server.close();
  await once(server, 'close');
  return { calls, text };
}

describe('names of node:net', () => {
  it('our socket and our server have no others, but a few with reasons', () => {
    const extra = [...extraNames('Socket'), ...extraNames('Server')];
    expect(extra.filter((name) => !(name in EXTRA))).toEqual([]);
  });

  it('a stream over a connection has no others either', () => {
    using connection = connectByHandlers({ port: 1, host: HOST, handlers: {} });
    const stream: Duplex = toDuplex(connection).on('error', () => undefined);
    const theirs = namesOf(new nodeNet.Socket());
    const extra = [...namesOf(stream)].filter((name) => !theirs.has(name));
    expect(extra.filter((name) => !(`Socket.${name}` in EXTRA))).toEqual([]);
    stream.destroy();
  });

  it.each(['level', 'edge'])('a user may take any other for a method, %s', async (trigger) => {
    for (const name of INTERNAL) {
      const theirs = await textBeside(nodeNet, name, trigger);
      const ours = await textBeside(edgewiseNet as unknown as typeof nodeNet, name, trigger);
      expect({ name, ...ours }).toEqual({ name, ...theirs });
    }
  });
});

describe('names of edgewise/promises', () => {
  const descriptors = useDescriptors();

  it('nothing that is awaited has the names by which it is driven', async () => {
    const listener = descriptors.using(listen({ host: HOST }));
    const accepting = listener.accept();
    const connection = descriptors.using(await connect({ host: HOST, port: listener.port }));
    descriptors.using(await accepting);
    const socket = descriptors.using(bind({ host: HOST }));
    const duplex = fromDuplex(
      toDuplex(descriptors.using(await connect({ host: HOST, port: listener.port }))),
    );
    descriptors.using(duplex);
    for (const object of [listener, listener.raw, connection, socket, duplex]) {
      const names = namesOf(object);
      expect(INTERNAL.filter((name) => names.has(name))).toEqual([]);
    }
  });

  it('they may be assigned to it', async () => {
    const listener = descriptors.using(listen({ host: HOST }));
    const accepting = listener.accept();
    const client = descriptors.using(await connect({ host: HOST, port: listener.port }));
    const server = descriptors.using(await accepting);
    for (const name of INTERNAL) Object.assign(server, { [name]: () => expect.unreachable(name) });
    await client.end('t');
    expect(String(await server.read())).toBe('t');
    expect(await server.read()).toBeNull();
    for (const name of INTERNAL)
      Object.assign(listener, { [name]: () => expect.unreachable(name) });
    const waiting = codeOf(listener.accept());
    listener.raw.close();
    expect(await waiting).toBe('ERR_CLOSED');
  });
});
