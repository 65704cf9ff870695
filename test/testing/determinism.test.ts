// The same seed is the same run: every call, with its time and its result.
import { expect, it } from 'vitest';
import { observeKernel } from '../../src/kernel.ts';
import { connect, listen } from '../../src/promises/index.ts';
import { simulate } from '../../src/testing/index.ts';

const SEEDS = Number(process.env.EDGEWISE_SEEDS ?? 100);
const FAULTS = {
  delayMs: 30,
  cut: 0.3,
  shortReads: 0.2,
  shortWrites: 0.2,
  interrupted: 0.05,
  order: 0.3,
  spurious: 0.1,
};

/** Every call of a run. */
async function logOf(seed: number): Promise<string> {
  const lines: string[] = [];
  await simulate({ runs: 2, seed, faults: FAULTS, repeatEvery: 0 }, async (sim) => {
    const stop = observeKernel({
      onCall: ({ name }, fd, result, asked) =>
        lines.push(`${sim.now} ${name} ${fd} ${asked} ${result}`),
    });
    const listener = listen({ port: 7007 });
    const serving = (async () => {
      for await (const connection of listener) {
        (async () => {
          for await (const bytes of connection) await connection.write(bytes);
          await connection.end();
        })();
      }
    })();
    await Promise.all(
      Array.from({ length: 4 }, async (_, index) => {
        const connection = await connect({ host: '127.0.0.1', port: 7007 });
        await connection.end(`hello ${index}`);
        let text = '';
        for await (const bytes of connection) text += bytes.toString();
        expect(text).toBe(`hello ${index}`);
      }),
    );
    listener.close();
    await serving;
    stop();
  });
  return lines.join('\n');
}

it(`${SEEDS} seeds, each run twice: the logs are equal byte by byte`, async () => {
  const logs = new Set<string>();
  for (let seed = 1; seed <= SEEDS; seed++) {
    const log = await logOf(seed);
    expect(await logOf(seed)).toBe(log);
    logs.add(log);
  }
  expect(logs.size).toBe(SEEDS); // and another seed is another run
});
