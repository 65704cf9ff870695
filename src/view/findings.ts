// What is worth a look in a stream.
import type { TraceFinding } from './model.ts';

export function findingsOf(_facts: unknown): TraceFinding[] {
  return [];
}
