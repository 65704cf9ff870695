// The arbitrary of fast-check: data and hardship are shrunk together.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { listen } from '../../src/index.ts';
import { hardship } from '../../src/testing/fast-check.ts';
import { type Simulation, simulate } from '../../src/testing/index.ts';

const FAULTS = { delayMs: 20, cut: 0.5 };
const RUNS = { numRuns: 100, seed: 7 };

/** What a server has made of lines; a wrong one takes each chunk for one line. */
async function countLines(sim: Simulation, lines: readonly string[], isRight: boolean) {
  const text = lines.map((line) => `${line}\n`).join('');
  let received = '';
  let chunks = 0;
  listen({
    port: 7007,
    handlers: {
      data(_, bytes) {
        received += bytes.toString();
        chunks++;
      },
    },
  });
  const client = await sim.connect(7007);
  client.write(text);
  await sim.settle();
  expect(received).toBe(text);
  if (!isRight) expect(chunks).toBeLessThanOrEqual(1);
}

const property = (isRight: boolean) =>
  fc.asyncProperty(hardship(), fc.array(fc.stringMatching(/^\w{0,9}$/)), async (choices, lines) => {
    await simulate({ choices, faults: FAULTS, shrinkMs: 0, trace: false }, (sim) =>
      countLines(sim, lines, isRight),
    );
  });

it('a property that holds', async () => {
  await expect(fc.assert(property(true), RUNS)).resolves.toBeUndefined();
});

it('a mistake: few choices and little data are left', async () => {
  const { counterexample, failed } = await fc.check(property(false), RUNS);
  expect(failed).toBe(true);
  const [choices = [], lines = []] = counterexample ?? [];
  expect(choices.filter((choice) => choice !== 0).length).toBeLessThanOrEqual(3);
  expect(lines.join('').length).toBeLessThanOrEqual(2);
});
