// What is worth a look in a stream: mistakes that its events prove, each with what to do. What is only
// likely is left out: a false alarm costs more than a mistake that is found by eye.
import { Kind } from '../trace/kinds.ts';
import type { Lane, TraceFinding } from './model.ts';
import { type Advice, findingIn, nameOf, type Seen } from './seen.ts';
import { spinning } from './spinning.ts';
import { longHandlers } from './starving.ts';

/** The findings of a stream, in the order in which they begin. */
export function findingsOf(seen: Seen): TraceFinding[] {
  const found = [
    ...seen.lanes.flatMap(undrained),
    ...spinning(seen),
    ...longHandlers(seen),
    ...recorded(seen),
  ];
  return found.sort((one, other) => one.from - other.from);
}

// One for each lane and direction: a handler that forgets the rest forgets it each time.
function undrained(lane: Lane): TraceFinding[] {
  return (['read', 'write'] as const).flatMap((direction) => {
    const hatches = lane.hatches.filter((hatch) => hatch.direction === direction);
    const [first, last] = [hatches[0], hatches.at(-1)];
    if (first === undefined || last === undefined) return [];
    const name = nameOf(lane);
    const often = hatches.length === 1 ? '' : `, ${hatches.length} times`;
    const call = direction === 'read' ? 'read call still gave' : 'write call still took';
    const what = `${name} is edge-triggered, and its handler returned before would-block${often}: the last ${call} all that was asked for, and the kernel does not report the rest again.`;
    const fix = `In the handler of ${name}, go on until would-block, the end or an error; or charge(), which calls it again when the budget is used up.`;
    return [findingIn(lane, 'UNDRAINED', { from: first.from, to: last.to }, { what, fix })];
  });
}

/** What the reactor has dropped, and what its lint has found. */
function recorded({ columns, lanes, laneOf, texts }: Seen): TraceFinding[] {
  const { kind, a, count } = columns;
  const found: TraceFinding[] = [];
  const haunting = new Set<Lane>();
  const latest = new Map<number, Lane>();
  for (let at = 0; at < count; at++) {
    const lane = lanes[laneOf[at] as number] as Lane;
    const place = { from: at, to: at + 1 };
    const heir = latest.get(lane.fd);
    switch (kind[at]) {
      case Kind.Register:
        latest.set(lane.fd, lane);
        break;
      case Kind.Stale:
        if (heir !== undefined && heir !== lane)
          found.push(findingIn(lane, 'STALE', place, recycled(lane, heir)));
        break;
      case Kind.Ghost:
        if (haunting.has(lane)) break;
        haunting.add(lane);
        found.push(findingIn(lane, 'GHOST', place, ghost(lane)));
        break;
      case Kind.Lint:
        found.push(findingIn(lane, 'LINT', place, lint(lane, texts[a[at] as number] ?? '')));
        break;
      default:
    }
  }
  return found;
}

// A report that is dropped hurts no one. But by its number it would have been another one's.
function recycled(lane: Lane, heir: Lane): Advice {
  const name = nameOf(lane);
  return {
    what: `A report of ${name} (${lane.key}) came when an earlier handler of its batch had closed it, and its number was that of another one (${heir.key}) by then: the report was dropped.`,
    fix: 'Nothing is lost here. Keep what belongs to a descriptor with its registration, and never by its number; or close after the batch: reactor.defer().',
  };
}

function ghost(lane: Lane): Advice {
  return {
    what: `The kernel still reports ${nameOf(lane)} (${lane.key}), whose registration has ended: its descriptor was closed first, and a duplicate of it keeps it in the kernel's set.`,
    fix: 'Close the registration before the descriptor, or both by closeDescriptor(); and close the duplicates.',
  };
}

function lint(lane: Lane, code: string): Advice {
  return {
    what: `The lint has found ${code} at ${nameOf(lane)}.`,
    fix: 'docs/lints.md says what to do.',
  };
}
