// `edgewise relay` as it is, on a simulated kernel: both ways carry each byte and each end, a reset of one side is
// one of the other, and what fails is a line and a count.
import { describe, expect, it, vi } from 'vitest';
import { parseOptions } from '../../../src/cli/arguments.ts';
import { relay } from '../../../src/cli/relay.ts';
import {
  type Peer,
  type SimulateOptions,
  type Simulation,
  simulate,
} from '../../../src/testing/index.ts';
import { FAULTS, numbered, PORT, RUNS, SMALL } from '../examples/running.ts';

const TARGET = 'db:5432';

/** What the command has printed. */
interface Output {
  readonly lines: string[];
  readonly errors: string[];
}

function capture(): Output & Disposable {
  const [lines, errors]: [string[], string[]] = [[], []];
  const into = (list: string[]) => (text: unknown) => list.push(String(text)) > 0;
  const spies = [
    vi.spyOn(process.stdout, 'write').mockImplementation(into(lines)),
    vi.spyOn(process.stderr, 'write').mockImplementation(into(errors)),
  ];
  return {
    lines,
    errors,
    [Symbol.dispose]: () => spies.forEach((spy) => void spy.mockRestore()),
  };
}

/** Runs a test of the command, which ends in order, with as many failures as it had lines for. */
async function relaying(
  body: (sim: Simulation, output: Output) => Promise<void>,
  { args = [], ...options }: SimulateOptions & { args?: readonly string[] } = {},
): Promise<void> {
  const all: SimulateOptions = { runs: Math.ceil(RUNS / 2), edges: 'strict', ...options };
  await simulate({ ...all, faults: { ...FAULTS, ...options.faults } }, async (sim) => {
    using output = capture();
    const words = ['--port', String(PORT), '--target', TARGET, ...args];
    const done = relay.run(parseOptions(relay.options, words));
    await sim.settle();
    expect(output.lines).toEqual([`listening on 127.0.0.1:${PORT}\n`]);
    await body(sim, output);
    await sim.calm();
    if (output.lines.length === 1) {
      expect(sim.descriptors.open).toEqual([`listener 127.0.0.1:${PORT}`]);
      expect(sim.signal('SIGINT')).toBe(true);
    }
    expect(await done).toBe(0);
    expect(sim.descriptors.open).toEqual([]);
    const failed = Number(
      /^relayed \d+ clients?, .* (\d+) failed\n$/.exec(output.lines[1] ?? '')?.[1],
    );
    expect(failed).toBe(output.errors.length);
  });
}

/** The next connection that the target gets. */
function nextAtTarget(
  sim: Simulation,
  onPeer: (peer: Peer) => void = () => undefined,
): () => Promise<Peer> {
  const peers: Peer[] = [];
  let onNext: () => void = () => undefined;
  sim.listen(TARGET, (peer) => {
    onPeer(peer);
    peers.push(peer);
    onNext();
  });
  return async () => {
    while (peers.length === 0) {
      await new Promise<void>((resolve) => {
        onNext = resolve;
      });
    }
    return peers.shift() as Peer;
  };
}

/** Got all and the end, or a beginning and a reset; nothing and the end when the two were never joined. */
function checkResult({ received, error }: Peer, all: Buffer): void {
  expect(isSame(received, all.subarray(0, received.length))).toBe(true);
  if (error === undefined) expect([0, all.length]).toContain(received.length);
  else expect(error).toBe('ECONNRESET');
}

const isSame = (bytes: Buffer, other: Buffer): boolean => bytes.equals(other);
const [ASKED, ANSWERED] = [numbered(24_000), numbered(40_000).reverse()];

describe.each([[['--trigger', 'level']], [['--trigger', 'edge']], [['--copy']]])('%s', (args) => {
  it('carries all bytes both ways, and each end behind them, whichever comes first', () =>
    relaying(
      async (sim) => {
        const atTarget = nextAtTarget(sim);
        for (const isFirst of [true, false]) {
          const client = await sim.connect(PORT);
          client.write(ASKED);
          const target = await atTarget();
          const [first, second] = isFirst ? [client, target] : [target, client];
          first.end(isFirst ? '' : ANSWERED);
          const got = await second.bytes();
          expect(isSame(got, isFirst ? ASKED : ANSWERED)).toBe(true);
          expect(first.isEnded).toBe(false);
          second.end(isFirst ? ANSWERED : '');
          expect(isSame(await first.bytes(), isFirst ? ANSWERED : ASKED)).toBe(true);
          expect([client.error, target.error]).toEqual([undefined, undefined]);
        }
      },
      { args },
    ));

  it('carries all at the pace of the slower one', () =>
    relaying(
      async (sim) => {
        const atTarget = nextAtTarget(sim, (peer) => peer.pause());
        const client = (await sim.connect(PORT)).slow(300);
        client.end(ASKED);
        const target = await atTarget();
        target.end(ANSWERED);
        await sim.elapse('5s');
        expect(target.received.length).toBe(0);
        target.resume();
        expect(isSame(await target.bytes(), ASKED)).toBe(true);
        expect(isSame(await client.bytes(), ANSWERED)).toBe(true);
      },
      { args, buffers: SMALL, runs: 10 },
    ));

  it('makes a reset of one side one of the other, behind what came before it', () =>
    relaying(
      async (sim, { errors }) => {
        const atTarget = nextAtTarget(sim);
        for (const isClient of [true, false]) {
          const client = await sim.connect(PORT);
          client.write('hello');
          const target = await atTarget();
          expect(String(await target.read(5))).toBe('hello');
          const [rude, other] = isClient ? [client, target] : [target, client];
          rude.reset();
          await other.bytes();
          expect(other.error).toBe('ECONNRESET');
          expect(errors.at(-1)).toMatch(/^edgewise: relay: .*ECONNRESET/);
        }
      },
      { args },
    ));

  it('what the network resets is never taken for an end in order', () =>
    relaying(
      async (sim) => {
        const targets: Peer[] = [];
        sim.listen(TARGET, (peer) => targets.push(peer.end(ANSWERED)));
        const clients: Peer[] = [];
        for (let count = 0; count < 4; count++) {
          const client = await sim.connect(PORT);
          await client.end(ASKED).bytes();
          clients.push(client);
        }
        await sim.settle();
        for (const client of clients) checkResult(client, ANSWERED);
        for (const target of targets) checkResult(target, ASKED);
      },
      { args, faults: { resets: 0.02 } },
    ));
});

describe('edgewise relay', () => {
  it('has a line for a target that refuses, closes the client, and goes on', () =>
    relaying(async (sim, { errors }) => {
      sim.listen('db:1', () => undefined);
      const refused = await sim.connect(PORT);
      expect(await refused.write('hello').text()).toBe('');
      expect(errors).toEqual([
        expect.stringMatching(`^edgewise: target ${TARGET}: .*ECONNREFUSED.*\n$`),
      ]);
      const atTarget = nextAtTarget(sim);
      const client = await sim.connect(PORT);
      client.end('hello');
      const target = await atTarget();
      target.end('you');
      expect([await client.text(), await target.text()]).toEqual(['you', 'hello']);
    }));

  it('goes on when a client goes in the turn in which its target is there', () =>
    relaying(
      async (sim, { errors }) => {
        sim.listen(TARGET, (peer) => peer.end(ANSWERED));
        sim.latency('db', '5ms');
        for (let ms = 1; ms < 12; ms++) {
          const rude = await sim.connect(PORT);
          sim.at(sim.now + ms, () => rude.reset());
          await sim.elapse('1s');
        }
        const client = await sim.connect(PORT);
        expect(isSame(await client.end().bytes(), ANSWERED)).toBe(true);
        expect(errors.every((line) => /^edgewise: relay: .*ECONNRESET/.test(line))).toBe(true);
      },
      { faults: { delayMs: 1 } },
    ));

  it('waits for a target that is behind a partition, thirty seconds to connect, and longer then', () =>
    relaying(async (sim, { errors }) => {
      const atTarget = nextAtTarget(sim);
      sim.partition('db', '25s');
      const client = await sim.connect(PORT);
      client.write(ASKED);
      const target = await atTarget();
      expect(isSame(await target.read(ASKED.length), ASKED)).toBe(true);
      expect(sim.now).toBeGreaterThanOrEqual(25_000);
      sim.partition('db', '5m');
      target.end(ANSWERED);
      client.end();
      expect(isSame(await client.bytes(), ANSWERED)).toBe(true);
      expect([client.error, errors]).toEqual([undefined, []]);
      sim.partition('db');
      const late = await sim.connect(PORT);
      await late.text();
      expect(errors).toEqual([expect.stringMatching(/^edgewise: target db:5432: .*ETIMEDOUT/)]);
      sim.heal('db');
    }));

  it('copies where there is no pipe left, and has a line for a client where there is no socket left', () =>
    relaying(async (sim, { errors }) => {
      const atTarget = nextAtTarget(sim, (peer) => peer.end(ANSWERED));
      sim.fail('pipe2', 'EMFILE', { times: 2 });
      sim.fail('accept4', 'EMFILE', { times: 2 });
      const client = await sim.connect(PORT);
      client.end(ASKED);
      expect(isSame(await (await atTarget()).bytes(), ASKED)).toBe(true);
      expect(isSame(await client.bytes(), ANSWERED)).toBe(true);
      expect(errors).toEqual([]);
      sim.fail('socket', 'EMFILE');
      await (await sim.connect(PORT)).text();
      expect(errors).toEqual([expect.stringMatching(/^edgewise: target db:5432: .*EMFILE/)]);
    }));

  it('ends all that is under way by a signal: no one takes that for the end of a message', () =>
    relaying(async (sim) => {
      const atTarget = nextAtTarget(sim);
      const client = await sim.connect(PORT);
      client.write(ASKED);
      const target = await atTarget();
      expect(isSame(await target.read(ASKED.length), ASKED)).toBe(true);
      sim.signal('SIGTERM');
      await Promise.all([client.bytes(), target.bytes()]);
      expect([client.error, target.error]).toEqual(['ECONNRESET', 'ECONNRESET']);
    }));
});
