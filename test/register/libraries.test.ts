// Libraries that are not changed, over our sockets by `--import edgewise/net/register`, beside themselves over
// node:net. Those that need a server of their own are in scripts/real-servers.mjs.
import { describe, it } from 'vitest';
import { expectSame } from './programs.ts';

describe('over our sockets as over those of Node', () => {
  it.each([
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
  ])('%s', async (_, program) => {
    await expectSame(program);
  });
});
