// Durations as a test writes them.
import { invalidValue } from '../errors.ts';

/** Milliseconds, or `'250ms'`, `'20s'`, `'5m'`, `'2h'`. */
export type Duration = number | `${number}${'ms' | 's' | 'm' | 'h'}`;

const NS_PER_MS = 1e6;
const MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** @returns nanoseconds. @throws TypeError - ERR_INVALID_ARG_VALUE: no duration. */
export function nanosecondsOf(name: string, duration: unknown): number {
  const [, digits, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(String(duration)) ?? [];
  const ms = typeof duration === 'number' ? duration : Number(digits) * (MS[unit ?? ''] as number);
  if (Number.isFinite(ms) && ms >= 0) return ms * NS_PER_MS;
  throw invalidValue(name, "milliseconds, or a text such as '250ms', '20s', '5m'", duration);
}
