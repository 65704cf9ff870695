// Instances of our classes have one shape (a hidden class of V8): with shapes of their own, all that
// touches them is several times slower.
import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';

const PROGRAM = `
  import net from './dist/node-net/index.js';
  import dgram from './dist/node-dgram/index.js';
  import { SocketDuplex } from './dist/stream/socket.js';
  const make = {
    Socket: () => new net.Socket(),
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
