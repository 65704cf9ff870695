// Twenty mistakes of servers: a simulation finds each within 1,000 runs, and shows it by a run with at most three
// unkind choices; the same servers without the mistake run 2,000 times without a failure.
import { describe, expect, it } from 'vitest';
import { simulate } from '../../src/testing/index.ts';
import { LAYERS } from './mistakes/layers.ts';
import { RAW } from './mistakes/raw.ts';

const RUNS = Number(process.env.EDGEWISE_RUNS ?? 100);
const UNKIND_MAX = 3;

describe.each([...RAW, ...LAYERS])('$name', ({ options, run }) => {
  it('is found, and shrunk', async () => {
    const failure = simulate({ ...options, runs: 1000, trace: false }, (sim) =>
      run(sim, false),
    ).then(
      () => 'nothing was found',
      (error: Error) => error.message,
    );
    const [, unkind] = /; (\d+) unkind choices? remains? of/.exec(await failure) ?? [
      await failure,
      'none',
    ];
    expect(Number(unkind)).toBeLessThanOrEqual(UNKIND_MAX);
  });

  it('is not found where it is not', async () => {
    const { runs } = await simulate({ ...options, runs: RUNS }, (sim) => run(sim, true));
    expect(runs).toBe(RUNS);
  });
});
