// The echo servers of examples/, each as it is, on a simulated kernel: every byte comes back, in order, whatever
// goes wrong that may go wrong.
import { describe, expect, it } from 'vitest';
import { checkServer, numbered, PORT, SMALL } from './running.ts';

// Not echo/sys, on raw epoll, which is not simulated, and not what does not leave its thread, or has several of them:
// echo/poller, and the other ones of models/.
const NAMES = [
  'echo',
  'echo-proactor',
  'echo-awaited',
  'echo/handlers',
  'echo/net',
  'echo/promises',
  'models/await',
  'models/proactor',
  'models/reactor',
];
/** As they say: the error of an accept is theirs, and they end. */
const ENDS_BY_EMFILE = ['echo-proactor', 'echo-awaited'];
describe.each(NAMES)('%s', (name) => {
  it('gives three clients back what each has sent', () =>
    checkServer(name, async (sim) => {
      const messages = [4000, 4, 12_000].map(numbered);
      const clients = await Promise.all(messages.map(() => sim.connect(PORT)));
      for (const [index, client] of clients.entries()) client.write(messages[index] as Buffer);
      for (const [index, client] of clients.entries()) {
        const message = messages[index] as Buffer;
        expect((await client.read(message.length)).equals(message)).toBe(true);
        client.end();
        expect(await client.text()).toBe('');
        expect(client.error).toBe(undefined);
      }
    }));

  it('sends all back to a client that has sent its last, and is slow', () =>
    checkServer(
      name,
      async (sim) => {
        const client = (await sim.connect(PORT)).slow(500);
        client.end(numbered(24_000));
        expect((await client.bytes()).equals(numbered(24_000))).toBe(true);
        expect(client.error).toBe(undefined);
      },
      { buffers: SMALL, runs: 25 },
    ));

  it('keeps the bytes of a client that reads late, and serves others meanwhile', () =>
    checkServer(
      name,
      async (sim) => {
        const late = (await sim.connect(PORT)).pause();
        late.end(numbered(24_000));
        await sim.elapse('10s');
        const other = await sim.connect(PORT);
        other.end('hello');
        expect(await other.text()).toBe('hello');
        late.resume();
        expect((await late.bytes()).equals(numbered(24_000))).toBe(true);
      },
      { buffers: SMALL, runs: 25 },
    ));

  it('goes on after clients that reset in the middle', () =>
    checkServer(name, async (sim) => {
      const [rude, worse, polite] = await Promise.all([
        sim.connect(PORT),
        sim.connect(PORT),
        sim.connect(PORT),
      ]);
      rude.write(numbered(8000)).pause();
      worse.write('x').reset();
      polite.write('hello');
      await sim.elapse('5ms');
      rude.reset();
      expect(String(await polite.read(5))).toBe('hello');
      polite.end();
      expect(await polite.text()).toBe('');
    }));

  if (ENDS_BY_EMFILE.includes(name)) console.log(`skipped: ${name} ends by EMFILE, as it says`);
  it.skipIf(ENDS_BY_EMFILE.includes(name))(
    'takes all clients although descriptors run out for a while',
    () =>
      checkServer(name, async (sim) => {
        sim.fail('accept4', 'EMFILE', { times: 3 });
        const clients = await Promise.all(Array.from({ length: 5 }, () => sim.connect(PORT)));
        const answers = clients.map(async (client, index) => {
          client.end(`hello ${index}`);
          return client.text();
        });
        expect(await Promise.all(answers)).toEqual(clients.map((_, index) => `hello ${index}`));
      }),
  );

  it('a client behind a partition is served when it is over', () =>
    checkServer(name, async (sim) => {
      const client = await sim.connect(PORT);
      sim.partition('127.0.0.1', '30s');
      client.end(numbered(4000));
      expect((await client.bytes()).equals(numbered(4000))).toBe(true);
      expect(sim.now).toBeGreaterThanOrEqual(30_000);
    }));
});
