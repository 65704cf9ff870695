// What is rare, said at once; and what goes on, said when asked.
import { subscribe } from 'node:diagnostics_channel';
import type { FairnessReport } from 'edgewise/multi';

/** Each thread has channels of its own. */
export function watchThread(name: string): void {
  subscribe('edgewise:reactor:slow-turn', (message) => {
    const { durationMs } = message as { durationMs: number };
    console.warn(`${name}: a turn took ${Math.round(durationMs)} ms`);
  });
  subscribe('edgewise:listener:exhausted', (message) => {
    console.warn(`${name}: no client is accepted: ${(message as { code: string }).code}`);
  });
}

/** A line for each core: how its share of the work compares with the others. */
export function reportOf({ reactors }: FairnessReport): string {
  const lines = reactors.map(
    ({ index, open, accepted, handedIn, bytesRead, bytesWritten }) =>
      `core ${index}: ${open} open, ${accepted} accepted, ${handedIn} came from other cores, ` +
      `${bytesRead} bytes read, ${bytesWritten} written`,
  );
  return lines.join('\n');
}
