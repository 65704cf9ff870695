// What a test does to the network: rules, faults of datagrams by chance, resets at a byte, full backlogs.
import { describe, expect, it } from 'vitest';
import { bindDatagram, type Connection, listen } from '../../src/index.ts';
import { connect } from '../../src/promises/index.ts';
import * as sys from '../../src/sys/index.ts';
import {
  type FaultOptions,
  type Packet,
  type Simulation,
  simulate,
} from '../../src/testing/index.ts';
import { failureOf } from './failure.ts';

const PORT = 7007;
const { AF_INET, SOCK_STREAM, SOCK_NONBLOCK } = sys.constants;

/** A server that sends back what comes; what it has received, in pieces. */
function startEcho(): string[] {
  const chunks: string[] = [];
  listen({
    port: PORT,
    handlers: {
      data(connection, bytes) {
        chunks.push(bytes.toString());
        connection.write(Buffer.from(bytes));
      },
      end: (connection) => connection.end(),
    },
  });
  return chunks;
}

/** Sends datagrams '0', '1', … over loopback. @returns what has arrived. */
async function sendDatagrams(sim: Simulation, count: number): Promise<string[]> {
  const received: string[] = [];
  const message = (_: unknown, bytes: Uint8Array) => void received.push(bytes.toString());
  const receiver = bindDatagram({ host: '127.0.0.1', port: PORT, handlers: { message } });
  const sender = bindDatagram({ host: '127.0.0.1', port: 0, handlers: {} });
  for (let index = 0; index < count; index++) {
    sender.send(String(index), { address: '127.0.0.1', port: PORT });
  }
  await sim.settle();
  receiver.close();
  sender.close();
  return received;
}

describe('rules', () => {
  it('see each segment, from where to where, and what it is', async () => {
    await simulate({}, async (sim) => {
      const packets: Packet[] = [];
      sim.rules((packet) => {
        packets.push(packet);
        return 'pass';
      });
      startEcho();
      const client = await sim.connect(PORT);
      client.end('hello');
      expect(await client.text()).toBe('hello');
      const [client0, server] = [packets[0]?.from, `127.0.0.1:${PORT}`];
      const ways = packets.map(({ kind, from, byteCount }) => [kind, from, byteCount]);
      expect(ways).toEqual([
        ['syn', client0, 0],
        ['data', client0, 5],
        ['end', client0, 0],
        ['data', server, 5],
        ['end', server, 0],
      ]);
    });
  });

  it('drop a segment of TCP: it comes later, and nothing overtakes it', async () => {
    await simulate({}, async (sim) => {
      sim.rules(({ kind, attempt }) => (kind === 'data' && attempt < 2 ? 'drop' : 'pass'));
      const chunks = startEcho();
      const client = await sim.connect(PORT);
      client.write('a');
      client.write('b');
      await sim.elapse(599);
      expect(chunks).toEqual([]);
      await sim.elapse(2000);
      expect(chunks.join('')).toBe('ab');
      expect(client.received.toString()).toBe('ab');
    });
  });

  it('drop a call: connect tries again after a second', async () => {
    await simulate({}, async (sim) => {
      sim.rules(({ kind, attempt }) => (kind === 'syn' && attempt === 0 ? 'drop' : 'pass'));
      startEcho();
      await sim.connect(PORT);
      expect(sim.now).toBe(1000);
    });
  });

  it('drop all of a connection: after its last retry it is given up with ETIMEDOUT', async () => {
    await simulate({}, async (sim) => {
      sim.listen('db:5432', () => undefined);
      const connection = await connect({ host: 'db', port: 5432 });
      sim.rules(() => 'drop');
      await connection.write('lost');
      const error = await connection.read().catch(({ code }) => code);
      expect([error, sim.now > 60_000]).toEqual(['ETIMEDOUT', true]);
      connection.destroy();
    });
  });

  it('delay a segment, and what is behind it', async () => {
    await simulate({}, async (sim) => {
      const chunks = startEcho();
      const client = await sim.connect(PORT);
      let count = 0;
      sim.rules(() => (count++ === 0 ? { delayMs: 30 } : 'pass'));
      client.write('a');
      client.write('b');
      await sim.elapse(29);
      expect(chunks).toEqual([]);
      await sim.elapse(1);
      await sim.settle();
      expect(chunks.join('')).toBe('ab');
    });
  });

  it('drop, duplicate and delay datagrams by what they say', async () => {
    await simulate({}, async (sim) => {
      sim.rules(({ bytes }) => {
        const text = Buffer.from(bytes ?? []).toString();
        if (text === '1') return 'drop';
        if (text === '2') return 'duplicate';
        return text === '3' ? { delayMs: 5 } : 'pass';
      });
      expect(await sendDatagrams(sim, 5)).toEqual(['0', '2', '2', '4', '3']);
    });
  });

  it('the first of several that decides has decided; one that was taken away decides no more', async () => {
    await simulate({}, async (sim) => {
      const removePass = sim.rules(() => 'pass');
      const removeDrop = sim.rules(() => 'drop');
      sim.rules(() => 'duplicate');
      expect(await sendDatagrams(sim, 1)).toEqual([]);
      removeDrop();
      removeDrop();
      removePass();
      expect(await sendDatagrams(sim, 1)).toEqual(['0', '0']);
    });
  });

  it('that no packet was sent for are inert', async () => {
    const { code, message } = await failureOf((sim) => void sim.rules(() => 'pass'));
    expect([code, /a rule was set/.test(message)]).toEqual(['ERR_SIM_INERT', true]);
  });

  it.each([['lose'], [undefined], [{ delayMs: -1 }], [{ delayMs: Number.NaN }], [7]])(
    'that answer %o fail the test',
    async (verdict) => {
      const { code } = await failureOf(async (sim) => {
        sim.rules(() => verdict as never);
        await sendDatagrams(sim, 1);
      });
      expect(code).toBe('ERR_INVALID_ARG_VALUE');
    },
  );

  it('that throw fail the test', async () => {
    const { message } = await failureOf(async (sim) => {
      sim.rules(() => {
        throw new Error('by a rule');
      });
      await sendDatagrams(sim, 1);
    });
    expect(message).toMatch(/^by a rule/);
  });
});

describe('datagrams by chance', () => {
  const arrivedOf = async (faults: FaultOptions): Promise<string[][]> => {
    const all: string[][] = [];
    await simulate({ runs: 30, faults }, async (sim) => {
      all.push(await sendDatagrams(sim, 10));
    });
    return all;
  };
  const sent = Array.from({ length: 10 }, (_, index) => String(index));

  it('are lost', async () => {
    const all = await arrivedOf({ loss: 0.2 });
    expect(all[0]).toEqual(sent); // the first run is kind
    expect(all.filter(({ length }) => length < 10).length).toBeGreaterThan(15);
    expect(all.every((each) => each.every((text, at) => text >= (each[at - 1] ?? '')))).toBe(true);
  });

  it('are duplicated', async () => {
    const all = await arrivedOf({ duplicate: 0.2 });
    expect(all.filter(({ length }) => length > 10).length).toBeGreaterThan(15);
    expect(all.every((each) => new Set(each).size === 10)).toBe(true);
  });

  it('are overtaken', async () => {
    const all = await arrivedOf({ reorder: 0.2 });
    expect(all.filter((each) => each.join() !== sent.join()).length).toBeGreaterThan(15);
    expect(all.every((each) => [...each].sort().join() === sent.join())).toBe(true);
  });
});

describe('resets', () => {
  it('come at a byte', async () => {
    await simulate({}, async (sim) => {
      sim.reset(PORT, { afterBytes: 3 });
      const codes: unknown[] = [];
      const chunks: string[] = [];
      listen({
        port: PORT,
        handlers: {
          data: (_, bytes) => void chunks.push(bytes.toString()),
          close: (_, error) => void codes.push((error as NodeJS.ErrnoException).code),
        },
      });
      const [first, second] = [await sim.connect(PORT), await sim.connect(PORT)];
      first.write('hello');
      second.write('hello');
      await sim.settle();
      expect([chunks.sort().join(), codes]).toEqual(['hel,hello', ['ECONNRESET']]);
      expect([first.error, second.error]).toEqual(['ECONNRESET', undefined]);
    });
  });

  it('are seen by a peer that has more to send than there is room for', async () => {
    await simulate({}, async (sim) => {
      listen({ port: PORT, handlers: { open: (connection) => connection.pause() } });
      const client = await sim.connect(PORT);
      client.write(Buffer.alloc(1_000_000));
      await sim.settle();
      sim.reset(PORT);
      await sim.settle();
      expect([client.isEnded, client.error]).toEqual([true, 'ECONNRESET']);
    });
  });

  it('come at once to connections that are there', async () => {
    await simulate({}, async (sim) => {
      startEcho();
      const clients = [await sim.connect(PORT), await sim.connect(PORT), await sim.connect(PORT)];
      sim.reset(PORT, { times: 2 });
      await sim.settle();
      const errors = clients.map(({ error }) => error);
      expect(errors).toEqual(['ECONNRESET', 'ECONNRESET', undefined]);
    });
  });

  it('come before an end that was sent already', async () => {
    await simulate({}, async (sim) => {
      sim.reset(PORT, { afterBytes: 3 });
      sim.rules(({ kind }) => (kind === 'data' ? { delayMs: 5 } : 'pass'));
      listen({ port: PORT, handlers: { open: (connection) => connection.end('abcdef') } });
      const client = await sim.connect(PORT);
      expect([await client.text(), client.error]).toEqual(['abc', 'ECONNRESET']);
    });
  });

  it('by the program take back its end as they take back its bytes', async () => {
    await simulate({}, async (sim) => {
      sim.rules(({ kind }) => (kind === 'data' ? { delayMs: 5 } : 'pass'));
      const open = (connection: Connection): void => {
        connection.end('abcdef');
        const { SOL_SOCKET, SO_LINGER } = sys.constants;
        sys.setsockopt(connection.fd, SOL_SOCKET, SO_LINGER, Int32Array.of(1, 0));
        connection.destroy();
      };
      listen({ port: PORT, handlers: { open } });
      const client = await sim.connect(PORT);
      expect([await client.text(), client.error]).toEqual(['', 'ECONNRESET']);
    });
  });

  it('come by chance', async () => {
    let resetCount = 0;
    await simulate({ runs: 50, faults: { resets: 0.2 } }, async (sim) => {
      startEcho();
      const client = await sim.connect(PORT);
      client.end('hello');
      await sim.settle();
      if (client.error !== undefined) resetCount++;
      else expect(client.received.toString()).toBe('hello');
    });
    expect(resetCount).toBeGreaterThan(5);
  });

  it('that never came are inert', async () => {
    const { code, message } = await failureOf(async (sim) => {
      sim.reset(PORT, { afterBytes: 100 });
      startEcho();
      (await sim.connect(PORT)).write('few');
      await sim.settle();
    });
    expect([code, /reset/.test(message)]).toEqual(['ERR_SIM_INERT', true]);
  });
});

it('a full backlog: those that find no room are in when there is some', async () => {
  await simulate({}, async (sim) => {
    const fd = sys.socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK);
    sys.bind(fd, { address: '127.0.0.1', port: PORT });
    sys.listen(fd, 1);
    const connected: number[] = [];
    const connecting = Array.from({ length: 4 }, async () => {
      await sim.connect(PORT);
      connected.push(sim.now);
    });
    await sim.elapse(500);
    expect(connected).toEqual([0, 0]);
    expect(sim.sockets()).toMatchObject([{ fd, state: 'listening', unread: 2 }]);
    const accepted = [sys.accept4(fd, null, 0), sys.accept4(fd, null, 0)];
    await Promise.all(connecting);
    expect(connected).toEqual([0, 0, 1000, 1000]);
    for (const each of [fd, ...accepted]) sys.close(each);
  });
});
