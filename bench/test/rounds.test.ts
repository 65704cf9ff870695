// Alternating rounds: each one's turn, in an order that moves on, and what a failure leaves.
import { describe, expect, it } from 'vitest';
import { alternate, type Participant } from '../src/measure/rounds.ts';

const signal = new AbortController().signal;

/** @param failing - name -> which of its turns fail. */
function recorder(
  names: readonly string[],
  failing: Readonly<Record<string, readonly number[]>> = {},
) {
  const turns: string[] = [];
  const participants = names.map((name): Participant => {
    let count = 0;
    return {
      name,
      warmUp: async () => void turns.push(`warm ${name}`),
      async round() {
        turns.push(name);
        if (failing[name]?.includes(count++)) throw new Error(`${name} broke`);
        return { values: { cpuUs: count } };
      },
    };
  });
  return { turns, participants };
}

describe('alternate', () => {
  it('warms all up, then each round begins one further on', async () => {
    const { turns, participants } = recorder(['a', 'b', 'c']);
    const found = await alternate(participants, {
      rounds: 3,
      signal,
      onFailure: async () => undefined,
    });
    expect(turns.join(' ')).toBe('warm a warm b warm c a b c b c a c a b');
    expect([...found.values()].map((rounds) => rounds.length)).toEqual([3, 3, 3]);
  });

  it('a round that fails is measured once more, and says so', async () => {
    const { participants } = recorder(['a', 'b'], { a: [1] });
    const onFailure = async () => expect.unreachable();
    const found = await alternate(participants, { rounds: 3, signal, onFailure });
    expect(found.get('a')?.map(({ retried }) => retried)).toEqual([
      undefined,
      'a broke',
      undefined,
    ]);
    expect(found.get('a')).toHaveLength(3);
  });

  it('one that fails twice takes part no longer and keeps its rounds, the others go on', async () => {
    const { turns, participants } = recorder(['a', 'b', 'c'], { a: [1, 2], c: [0, 1] });
    const failures: string[] = [];
    const found = await alternate(participants, {
      rounds: 4,
      signal,
      onFailure: async (name, error) => void failures.push(`${name}: ${(error as Error).message}`),
    });
    expect(failures).toEqual(['c: c broke', 'a: a broke']);
    expect([...found].map(([name, { length }]) => [name, length])).toEqual([
      ['a', 1],
      ['b', 4],
    ]);
    expect(turns.filter((name) => name === 'a')).toHaveLength(3);
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
