// Libraries that are not changed, over our sockets by `--import edgewise/net/register`, beside themselves over
// node:net. Those that need a server of their own are in scripts/real-servers.mjs.
import { describe, it } from 'vitest';
import { expectSame } from './programs.ts';

const PROGRAMS = [
  ['express, asked by fetch', 'express'],
  ['fastify', 'fastify'],
  ['koa, asked by axios', 'koa'],
  ['socket.io with socket.io-client', 'socket.io'],
  ['@grpc/grpc-js, plain and over TLS', 'grpc'],
  ['smtp-server with nodemailer, STARTTLS and TLS', 'mail'],
  ['ws, plain and over TLS', 'ws'],
  ['undici, plain and over TLS', 'undici'],
  ['mqtt with aedes, plain and over TLS', 'mqtt'],
  ['ssh2, both ends', 'ssh2'],
] as const;

// From Node 26 on `read()` of a stream gives one chunk, where it gave all that there were. aedes 1.2 calls it once for
// each 'readable', and stops when several chunks have come, whatever brings them.
const [major] = process.versions.node.split('.');
const here = PROGRAMS.filter(([, program]) => program !== 'mqtt' || Number(major) < 26);
if (here.length < PROGRAMS.length) console.log('skipped: mqtt with aedes, which stops on Node 26');

describe('over our sockets as over those of Node', () => {
  it.each(here)('%s', async (_, program) => {
    await expectSame(program);
  });
});
