// pg and ioredis over our sockets, against real servers.
import { once } from 'node:events';
import { Redis } from 'ioredis';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SocketDuplex } from '../../src/stream/socket.ts';
import {
  findProgram,
  postgresFolders,
  type RealServer,
  startPostgres,
  startRedis,
} from './servers.ts';
import { eachTriggerOf, HOST } from './sides.ts';

const initdb = findProgram('initdb', postgresFolders());
const redisServer = findProgram('redis-server', (process.env.PATH ?? '').split(':'));
const START_MS_MAX = 60_000;

describe.skipIf(initdb === undefined)('PostgreSQL', () => {
  let server: RealServer;
  beforeAll(async () => {
    server = await startPostgres(initdb as string);
  }, START_MS_MAX);
  afterAll(() => server.stop());

  eachTriggerOf('pg', (sides) => {
    it('queries, with long rows and many of them', async () => {
      const client = new pg.Client({
        host: HOST,
        port: server.port,
        user: 'tester',
        database: 'postgres',
        stream: () => sides.socket() as never,
      });
      await client.connect();
      const long = 'edgewise '.repeat(50_000);
      const { rows } = await client.query('select $1::text as text, length($1) as length', [long]);
      expect(rows[0]).toEqual({ text: long, length: long.length });
      const many = await client.query('select i from generate_series(1, 20000) as i');
      expect(many.rows.map(({ i }) => i)).toEqual(Array.from({ length: 20_000 }, (_, i) => i + 1));
      await expect(client.query('select nothing')).rejects.toThrow('does not exist');
      await client.end();
    });

    it('fails as usual when there is no server', async () => {
      const client = new pg.Client({ host: HOST, port: 1, stream: () => sides.socket() as never });
      await expect(client.connect()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    });
  });
});

describe.skipIf(redisServer === undefined)('Redis', () => {
  let server: RealServer;
  beforeAll(async () => {
    server = await startRedis(redisServer as string);
  }, START_MS_MAX);
  afterAll(() => server.stop());

  eachTriggerOf('ioredis', (sides) => {
    it('pipelines commands, and subscribes', async () => {
      const open = () => {
        class Connector {
          connecting = false;
          #stream: SocketDuplex | undefined;
          async connect() {
            this.#stream = sides.dial(server.port, { allowHalfOpen: false });
            return this.#stream;
          }
          check() {
            return true;
          }
          disconnect() {
            this.#stream?.end();
          }
        }
        return new Redis({ Connector: Connector as never, lazyConnect: true });
      };
      const client = open();
      await client.connect();
      const long = 'edgewise '.repeat(50_000);
      const pipeline = client.pipeline();
      for (let i = 0; i < 1000; i++) pipeline.set(`key ${i}`, i);
      pipeline.set('long', long);
      expect((await pipeline.exec())?.every(([error]) => error === null)).toBe(true);
      expect([await client.get('key 999'), await client.get('long')]).toEqual(['999', long]);

      const subscriber = open();
      await subscriber.connect();
      await subscriber.subscribe('topic');
      const received = new Promise((resolve) =>
        subscriber.on('message', (_, text) => resolve(text)),
      );
      await client.publish('topic', 'extra');
      expect(await received).toBe('extra');
      const ended = [client, subscriber].map((each) => once(each, 'end'));
      await Promise.all([client.quit(), subscriber.quit()]);
      await Promise.all(ended);
    });
  });
});
