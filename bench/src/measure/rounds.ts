// Rounds of the suite: everyone is warmed up, then all take part in every round; one that fails is
// tried once more, and left out then.
import { rotated } from '../../../src/cli/measure/index.ts';
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
  /** Called once for each that fails twice; it takes part no longer, and keeps its rounds. */
  readonly onFailure: (name: string, error: unknown) => Promise<void>;
}

/**
 * A turn that fails is tried once more: one bad window is no reason to lose a contender, or the base
 * that all are compared with.
 *
 * @returns name -> rounds, in order, of those that have any; one that failed has those before it.
 */
export async function alternate(
  participants: readonly Participant[],
  { rounds, signal, onTurn, onFailure }: AlternateOptions,
): Promise<Map<string, Round[]>> {
  const found = new Map<string, Round[]>(participants.map(({ name }) => [name, []]));
  const failed = new Set<string>();
  for (let round = -1; round < rounds; round++) {
    for (const participant of rotated(participants, Math.max(round, 0))) {
      const { name } = participant;
      if (failed.has(name)) continue;
      onTurn?.(round, name);
      try {
        const measured = await twice(() => turn(participant, round), signal);
        if (measured !== undefined) found.get(name)?.push(measured);
      } catch (error) {
        signal.throwIfAborted();
        failed.add(name);
        await onFailure(name, error);
      }
    }
  }
  return new Map([...found].filter(([name, all]) => all.length > 0 || !failed.has(name)));
}

async function turn(participant: Participant, round: number): Promise<Round | undefined> {
  if (round >= 0) return participant.round();
  await participant.warmUp();
  return undefined;
}

/** The round says why it was measured a second time. */
async function twice(
  once: () => Promise<Round | undefined>,
  signal: AbortSignal,
): Promise<Round | undefined> {
  try {
    return await once();
  } catch (error) {
    signal.throwIfAborted();
    const round = await once();
    return round && { ...round, retried: lineOf(error) };
  }
}

/** The first line of what went wrong. */
export function lineOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.split('\n')[0] ?? text;
}
