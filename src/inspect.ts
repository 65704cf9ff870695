// How console.log and util.inspect show what edgewise makes: on one line, what a reader asks for first.
import { inspect, types } from 'node:util';

/** The name of the member that Node asks for what to show. */
export const SHOWN: typeof inspect.custom = inspect.custom;

/**
 * What a class shows: `Connection { fd: 12, remote: 127.0.0.1:80, open }`.
 *
 * @param facts - by name; undefined ones are left out, and of true ones only the name is shown.
 */
export function shown(name: string, facts: Readonly<Record<string, unknown>>): string {
  const parts: string[] = [];
  for (const [fact, value] of Object.entries(facts)) {
    if (value === true) parts.push(fact);
    else if (value !== undefined && value !== false) parts.push(`${fact}: ${textOf(fact, value)}`);
  }
  return parts.length === 0 ? `${name} {}` : `${name} { ${parts.join(', ')} }`;
}

// The error of a close is the user's, and may be anything.
function textOf(fact: string, value: unknown): string {
  return fact === 'error' && !types.isNativeError(value) ? typeof value : String(value);
}
