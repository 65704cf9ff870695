// The floors of src/ and the checks of its imports (docs/architecture.md): a file imports from rooms
// below its own; inside a room files use each other, without a circle; and a room is entered by its
// index.ts, except from the floor directly above. The checks take a graph, so that they can be
// tested with one that is wrong.
import { posix } from 'node:path';
import ts from 'typescript';

/** What each module imports; a module is a path below src/, without `.ts`. */
export type Graph = ReadonlyMap<string, readonly string[]>;

/** The files at the top of src/, but its table of contents. */
export const LEAVES = 'leaves';

/**
 * Lowest first; rooms of one floor do not know each other. `index` is the table of contents of the
 * package's main entry, which the rooms of its subpaths may use as its users do.
 */
export const FLOORS: readonly (readonly string[])[] = [
  [LEAVES],
  ['sys'],
  ['poller', 'audit', 'trace'],
  ['reactor', 'view'],
  ['flow'],
  ['pipe', 'process', 'net'],
  ['index'],
  ['promises'],
  ['proactor', 'stream'],
  ['multi', 'node-dgram', 'node-net', 'testing'],
  ['cli'],
];

/** The floors inside a room that has rooms of its own. Its `index` is on top. */
export const INNER_FLOORS: Readonly<Record<string, readonly (readonly string[])[]>> = {
  net: [
    ['socket'],
    ['connection'],
    ['listen', 'connect', 'datagram', 'relay'],
    ['inherit'],
    ['index'],
  ],
};

/** Rooms with files that are open to all: each is small, and one to one with what is below us. */
const OPEN_ROOMS: readonly string[] = [LEAVES, 'sys'];

/** The room of a module: `'net'` of `'net/connection/group'`. */
export function roomOf(module: string): string {
  const [first = '', second] = module.split('/');
  return second === undefined && first !== 'index' ? LEAVES : first;
}

function innerRoomOf(module: string): string {
  return module.split('/')[1] ?? '';
}

function floorOf(room: string): number {
  return FLOORS.findIndex((floor) => floor.includes(room));
}

function innerFloorOf(module: string): number {
  return (INNER_FLOORS[roomOf(module)] ?? []).findIndex((floor) =>
    floor.includes(innerRoomOf(module)),
  );
}

/** Modules that are in no room of the house. */
export function homeless(graph: Graph): string[] {
  return [...graph.keys()].filter((module) => {
    const room = roomOf(module);
    return floorOf(room) < 0 || (room in INNER_FLOORS && innerFloorOf(module) < 0);
  });
}

function isDownward(from: string, to: string): boolean {
  const [own, other] = [roomOf(from), roomOf(to)];
  if (own !== other) return floorOf(other) < floorOf(own);
  if (!(own in INNER_FLOORS) || innerRoomOf(from) === innerRoomOf(to)) return true;
  return innerFloorOf(to) < innerFloorOf(from);
}

// The floor of the table of contents is none to live on: promises are directly above net.
function isDirectlyAbove(from: string, to: string): boolean {
  const lived = FLOORS.filter((floor) => !floor.includes('index'));
  const at = (room: string) => lived.findIndex((floor) => floor.includes(room));
  return at(roomOf(from)) === at(roomOf(to)) + 1;
}

function isThroughDoor(from: string, to: string): boolean {
  const room = roomOf(to);
  if (room === roomOf(from) || OPEN_ROOMS.includes(room) || to === 'index') return true;
  // A room of rooms has a door for each. The package's table of contents lists what is in the rooms.
  const isDoor = to === `${room}/index` || (room in INNER_FLOORS && to.endsWith('/index'));
  return from === 'index' || isDoor || isDirectlyAbove(from, to);
}

function edges(graph: Graph): [string, string][] {
  return [...graph].flatMap(([from, all]) => all.map((to): [string, string] => [from, to]));
}

/** Imports of a room that is not below: `'from -> to'`. */
export function upwardImports(graph: Graph): string[] {
  return edges(graph)
    .filter(([from, to]) => !isDownward(from, to))
    .map(([from, to]) => `${from} -> ${to}`);
}

/** Imports that reach past the index.ts of a room from two floors above: `'from -> to'`. */
export function pastDoors(graph: Graph): string[] {
  return edges(graph)
    .filter(([from, to]) => !isThroughDoor(from, to))
    .map(([from, to]) => `${from} -> ${to}`);
}

/** One circle of each set of modules that import each other: `'a -> b -> a'`. */
export function circles(graph: Graph): string[] {
  const found = new Map<string, string>();
  const done = new Set<string>();
  function visit(module: string, trail: readonly string[]): void {
    if (trail.includes(module)) {
      const circle = trail.slice(trail.indexOf(module));
      found.set([...circle].sort().join(), [...circle, module].join(' -> '));
      return;
    }
    if (done.has(module)) return;
    for (const next of graph.get(module) ?? []) visit(next, [...trail, module]);
    done.add(module);
  }
  for (const module of graph.keys()) visit(module, []);
  return [...found.values()];
}

/** The modules of src/ that the text of `path` imports. */
function importsOf(path: string, text: string): string[] {
  return ts
    .preProcessFile(text)
    .importedFiles.map(({ fileName }) => fileName)
    .filter((name) => name.startsWith('.'))
    .map((name) => moduleOf(posix.join(posix.dirname(path), name)));
}

function moduleOf(path: string): string {
  return path.replace(/^src\//, '').replace(/\.ts$/, '');
}

/** The imports of files of src/, those of types included. */
export function graphOf(texts: ReadonlyMap<string, string>): Graph {
  return new Map([...texts].map(([path, text]) => [moduleOf(path), importsOf(path, text)]));
}

/** The imports that are left when the modules run. `import { type A }` is one, in this project. */
export function runtimeGraphOf(texts: ReadonlyMap<string, string>): Graph {
  const withoutTypes = (text: string) => text.replace(/^(import|export) type [^;]*;/gm, '');
  return graphOf(new Map([...texts].map(([path, text]) => [path, withoutTypes(text)])));
}
