// What a socket holds the process for, beside one of Node, each in a process of its own.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const DIST = fileURLToPath(new URL('../../dist/node-dgram/index.js', import.meta.url));

// Each ends by itself, or is held: then a timer that holds nothing ends it.
const PROGRAMS: Readonly<Record<string, string>> = {
  'a socket that is not bound': ``,
  'one that is bound': `socket.bind(0, '127.0.0.1');`,
  'one that is bound and has no reference': `socket.bind(0, '127.0.0.1'); socket.unref();`,
  'one without a reference before it is bound': `socket.unref().bind(0, '127.0.0.1');`,
  'one with a reference again': `socket.bind(0, '127.0.0.1'); socket.unref(); socket.ref();`,
  'one that is closed': `socket.bind(0, () => socket.close());`,
  'one that sends without a reference': `socket.unref(); socket.send('x', 9, '127.0.0.1', (error) => console.log('sent', error));`,
  'one that connects without a reference': `socket.unref(); socket.connect(9, '127.0.0.1', () => console.log('connected'));`,
  'one in a group without being bound': `socket.addMembership('239.255.77.3', '127.0.0.1');`,
  'one that takes a signal': `dgram.createSocket({ type: 'udp4', signal: new AbortController().signal }).unref().bind(0);`,
  'one that receives without a reference': `socket.bind(0, '127.0.0.1', () => {
    socket.unref();
    socket.on('message', () => { console.log('received'); socket.close(); });
    socket.send('x', socket.address().port, '127.0.0.1');
    setTimeout(() => undefined, 300);
  });`,
};

describe('holds the process as Node’s', () => {
  it.each(Object.entries(PROGRAMS))('%s', (_title, program) => {
    const run = (specifier: string) => {
      const source = `
        import dgram from ${JSON.stringify(specifier)};
        const socket = dgram.createSocket('udp4');
        process.on('exit', (code) => console.log('exit', code));
        setTimeout(() => { console.log('held'); process.exit(); }, 1000).unref();
        ${program}`;
      const args = ['--input-type=module', '--eval', source];
      const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
      return stdout + stderr;
    };
    const expected = run('node:dgram');
    expect(expected).toMatch(/exit 0/);
    expect(run(DIST)).toBe(expected);
  });
});
