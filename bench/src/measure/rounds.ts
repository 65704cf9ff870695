// The method of every comparison: all take part in every round, one after the other, and the order
// moves on by one from round to round. So a slow minute of the machine hits all of them.
import type { Round } from '../model.ts';

/** One contender of one case, started. */
export interface Participant {
  readonly name: string;
  /** Work that is not counted: code is compiled, memory touched, caches filled. */
  warmUp(): Promise<void>;
  round(): Promise<Round>;
}

export interface AlternateOptions {
  readonly rounds: number;
  readonly signal: AbortSignal;
  /** Called before each turn; `round` counts from 0, -1 is the warm-up. */
  readonly onTurn?: (round: number, name: string) => void;
  /** Called once for each that fails; it takes part no longer. */
  readonly onFailure: (name: string, error: unknown) => Promise<void>;
}

/** All rounds of those that did not fail: name -> rounds, in order. */
export async function alternate(
  participants: readonly Participant[],
  { rounds, signal, onTurn, onFailure }: AlternateOptions,
): Promise<Map<string, Round[]>> {
  const found = new Map<string, Round[]>(participants.map(({ name }) => [name, []]));
  for (let round = -1; round < rounds; round++) {
    for (const participant of rotated(participants, round)) {
      const earlier = found.get(participant.name);
      if (earlier === undefined) continue;
      onTurn?.(round, participant.name);
      try {
        if (round < 0) await participant.warmUp();
        else earlier.push(await participant.round());
      } catch (error) {
        signal.throwIfAborted();
        found.delete(participant.name);
        await onFailure(participant.name, error);
      }
    }
  }
  return found;
}

function rotated<T>(all: readonly T[], round: number): T[] {
  const first = Math.max(round, 0) % Math.max(all.length, 1);
  return [...all.slice(first), ...all.slice(0, first)];
}
