// Instances of our classes have one shape (a hidden class of V8): with shapes of their own, all that
// touches them is several times slower.
import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';

const PROGRAM = `
  import util from 'node:util';
  import net from './dist/node-net/index.js';
  import dgram from './dist/node-dgram/index.js';
  import { SocketDuplex } from './dist/stream/socket.js';
  class Mine extends net.Socket {}
  class MyServer extends net.Server {}
  function Old() { net.Socket.call(this); }
  util.inherits(Old, net.Socket);
  const make = {
    Socket: () => new net.Socket(),
    'a class of Socket': () => new Mine(),
    'a class of Server': () => new MyServer(),
    'a function of Socket': () => new Old(),
    'Socket, called': () => net.Socket(),
    Server: () => new net.Server(),
    createSocket: () => dgram.createSocket('udp4'),
    SocketDuplex: () => new SocketDuplex(),
  };
  const others = [];
  for (const [name, one] of Object.entries(make)) if (!%HaveSameMap(one(), one())) others.push(name);
  console.log(JSON.stringify(others));
  process.exit();
`;

it('two instances of a class have one shape', () => {
  const args = ['--allow-natives-syntax', '--input-type=module', '--eval', PROGRAM];
  const out = execFileSync(process.execPath, args, { encoding: 'utf8' });
  expect(JSON.parse(out)).toEqual([]);
});
