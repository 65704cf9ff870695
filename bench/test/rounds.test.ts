// Alternating rounds: everybody's turn, in an order that moves on, and what a failure leaves.
import { describe, expect, it } from 'vitest';
import { alternate, type Participant } from '../src/measure/rounds.ts';

const signal = new AbortController().signal;

function recorder(names: readonly string[], failing: Readonly<Record<string, number>> = {}) {
  const turns: string[] = [];
  const participants = names.map((name): Participant => {
    let count = 0;
    return {
      name,
      warmUp: async () => void turns.push(`warm ${name}`),
      async round() {
        turns.push(name);
        if (count++ === failing[name]) throw new Error(`${name} broke`);
        return { values: { cpuUs: count } };
      },
    };
  });
  return { turns, participants };
}

describe('alternate', () => {
  it('warms everybody up, then each round begins one further on', async () => {
    const { turns, participants } = recorder(['a', 'b', 'c']);
    const found = await alternate(participants, {
      rounds: 3,
      signal,
      onFailure: async () => undefined,
    });
    expect(turns.join(' ')).toBe('warm a warm b warm c a b c b c a c a b');
    expect([...found.values()].map((rounds) => rounds.length)).toEqual([3, 3, 3]);
  });

  it('who fails takes part no longer, and the others go on', async () => {
    const { turns, participants } = recorder(['a', 'b'], { a: 1 });
    const failures: string[] = [];
    const found = await alternate(participants, {
      rounds: 4,
      signal,
      onFailure: async (name, error) => void failures.push(`${name}: ${(error as Error).message}`),
    });
    expect(failures).toEqual(['a: a broke']);
    expect([...found.keys()]).toEqual(['b']);
    expect(found.get('b')).toHaveLength(4);
    expect(turns.filter((name) => name === 'a')).toHaveLength(2);
  });

  it('an abort is no failure of a contender: it ends everything', async () => {
    const abort = new AbortController();
    const failures: string[] = [];
    const participant: Participant = {
      name: 'a',
      warmUp: async () => undefined,
      async round() {
        abort.abort(new Error('interrupted'));
        throw new Error('the load was ended');
      },
    };
    const run = alternate([participant], {
      rounds: 2,
      signal: abort.signal,
      onFailure: async (name) => void failures.push(name),
    });
    await expect(run).rejects.toThrow('interrupted');
    expect(failures).toEqual([]);
  });
});
