// Twenty mistakes of servers: a simulation finds each within 1,000 runs, and shows it by a run with at most three
// unkind choices; the same servers without the mistake run 2,000 times without a failure.
import { describe, expect, it, vi } from 'vitest';
import { simulate } from '../../src/testing/index.ts';
import { LAYERS } from './mistakes/layers.ts';
import { RAW } from './mistakes/raw.ts';

const RUNS = Number(process.env.EDGEWISE_RUNS ?? 100);
const UNKIND_MAX = 3;

describe.each([...RAW, ...LAYERS])('$name', ({ options, run }) => {
  it('is found, and shrunk', async () => {
    const failure = simulate({ ...options, runs: 1000 }, (sim) => run(sim, false)).then(
      () => 'nothing was found',
      (error: Error) => error.message,
    );
    const [, unkind] = /simulated, with (\d+) of/.exec(await failure) ?? [await failure, 'none'];
    expect(Number(unkind)).toBeLessThanOrEqual(UNKIND_MAX);
  });

  it('is not found where it is not', async () => {
    const onReport = vi.fn();
    await simulate({ ...options, runs: RUNS, onReport }, (sim) => run(sim, true));
    expect(onReport).toHaveBeenCalledWith(expect.objectContaining({ runs: RUNS }));
  });
});
