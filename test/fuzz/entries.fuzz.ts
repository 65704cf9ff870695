// Calls what entries.ts has found with hostile values, and judges results, errors, rejections, and
// what comes out later, as an event of a stream or out of a callback.
import { EventEmitter } from 'node:events';
import { setImmediate as nextLoopPass } from 'node:timers/promises';
import { Server } from '../../src/node-net/index.ts';
import { Reactor } from '../../src/reactor/index.ts';
import { Random } from '../helpers/random.ts';
import { type EntryRole, entryTargets, furnish, roleOf } from './entries.ts';
import { codeOf, count, type FuzzReport, show } from './fuzz.ts';
import { NEVER_NUMBERS, type Role } from './signatures.ts';
import { hostile } from './values.ts';
import { World } from './world.ts';

const CALLS_PER_WORLD = 200;
const TURNS_PER_WORLD = 8;

const tended = new WeakSet<object>();

type Judge = (what: string, error: unknown) => void;

// node:net and streams have errors of their own, with a code.
function anyCodeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | undefined)?.code;
  return codeOf(error) ?? (error instanceof Error && typeof code === 'string' ? code : undefined);
}

function argumentOf(world: World, random: Random, role: EntryRole): unknown {
  if (random.below(5) < 3) return roleOf(role)(world, random);
  for (;;) {
    const value = hostile(random);
    const isWait = NEVER_NUMBERS.includes(role as Role);
    if (!isWait || (typeof value !== 'number' && value !== undefined)) return value;
  }
}

function argumentsOf(world: World, random: Random, roles: readonly EntryRole[]): unknown[] {
  const args = roles.map((role) => argumentOf(world, random, role));
  if (roles[0] !== 'timeout' && random.below(8) === 0) args.length = random.below(args.length + 1);
  return args;
}

/** Closes whatever a call has made, in the end. */
function tend(world: World, what: string, result: unknown, judge: Judge): void {
  if (typeof result !== 'object' || result === null) return;
  if (result instanceof Promise) {
    result.then(
      (value) => tend(world, what, value, judge),
      (error) => judge(`${what} rejected with`, error),
    );
    return;
  }
  if (result instanceof Reactor || tended.has(result)) return; // of a getter: it is the thread's
  tended.add(result);
  if (result instanceof EventEmitter)
    result.on('error', (error) => judge(`${what} emitted`, error));
  // Connections that a server gives out belong to its listener.
  if (result instanceof Server) result.on('connection', (socket) => socket.destroy());
  const { next, return: end } = result as Partial<AsyncGenerator>;
  if (typeof end === 'function') {
    const judgeEnd = (error: unknown) => judge(`${what} ended with`, error);
    Promise.resolve(next?.call(result as AsyncGenerator)).catch(judgeEnd);
    Promise.resolve(end.call(result as AsyncGenerator, undefined)).catch(judgeEnd);
  }
  const { destroy, close } = result as { destroy?: () => void; close?: () => unknown };
  const last = typeof destroy === 'function' ? destroy : close;
  if (typeof last !== 'function') return;
  const judgeClose = (error: unknown) => judge(`${what} closed with`, error);
  world.closeLater(() => {
    try {
      const closing: unknown = last.call(result);
      if (closing instanceof Promise) closing.catch(judgeClose);
    } catch (error) {
      judgeClose(error); // it is closed already; the world goes on
    }
  });
}

async function endWorld(world: World, judge: Judge): Promise<void> {
  for (let turns = 0; turns < TURNS_PER_WORLD; turns++) {
    try {
      if (!world.reactor.isClosed) world.reactor.turn(0);
    } catch (error) {
      judge('a turn threw', error);
    }
    await nextLoopPass();
  }
  try {
    world.close();
  } catch (error) {
    judge('closing the world threw', error);
  }
  await nextLoopPass();
}

/** What was not caught is judged as well; the runner's own listeners wait meanwhile. */
async function watched(judge: Judge, run: () => Promise<void>): Promise<void> {
  const events = ['uncaughtException', 'unhandledRejection'] as const;
  const before = events.map((event) => process.listeners(event as 'uncaughtException'));
  for (const event of events) {
    process.removeAllListeners(event);
    process.on(event, (error: unknown) => judge(event, error));
  }
  try {
    await run();
  } finally {
    for (const [index, event] of events.entries()) {
      process.removeAllListeners(event);
      for (const listener of before[index] ?? []) process.on(event, listener);
    }
  }
}

function newWorld(random: Random, judge: Judge): World {
  const world = new World(random);
  furnish(world, random);
  for (const [name, object] of Object.entries(world.objects)) {
    if (name.includes('.')) tend(world, name, object, judge);
  }
  return world;
}

/** @param seed - of the values; the same seed makes the same calls. */
export async function fuzzEntries(seed: number, callCount: number): Promise<FuzzReport> {
  const random = new Random(seed);
  const targets = entryTargets();
  const [counts, outcomes] = [new Map<string, number>(), new Map<string, number>()];
  const failures: string[] = [];
  const judge: Judge = (what, error) => {
    const code = anyCodeOf(error);
    if (code !== undefined) count(outcomes, code);
    else failures.push(`${what} ${error instanceof Error ? error.stack : show(error)}`);
  };
  await watched(judge, async () => {
    let world = newWorld(random, judge);
    for (let index = 0; index < callCount && failures.length < 20; index++) {
      if (index % CALLS_PER_WORLD === CALLS_PER_WORLD - 1) {
        await endWorld(world, judge);
        world = newWorld(random, judge);
      }
      const target = random.pick(targets);
      const args = argumentsOf(world, random, target.roles ?? []);
      const what = `call ${index}: ${target.name}(${args.map(show).join(', ')})`;
      count(counts, target.name);
      try {
        const result = target.call(world, args);
        count(outcomes, 'returned');
        tend(world, what, result, judge);
      } catch (error) {
        judge(`${what} threw`, error);
      }
    }
    await endWorld(world, judge);
  });
  return { callCount, counts, outcomes, failures };
}
