// Calls every public function with hostile values and judges what comes of it: a documented
// result, a typed error with a code, or the exception of the hostile value itself.
import * as edgewise from '../../src/index.ts';
import { Connection } from '../../src/net/connection/connection.ts';
import { DatagramSocket } from '../../src/net/datagram/socket.ts';
import { HandOver } from '../../src/net/inherit/hand-over.ts';
import { Listener } from '../../src/net/listen/listener.ts';
import { Relay } from '../../src/net/relay/relay.ts';
import { DescriptorReader } from '../../src/pipe/reader.ts';
import { DescriptorWriter } from '../../src/pipe/writer.ts';
import { ReadyEvents } from '../../src/poller/records.ts';
import { ExitWatch } from '../../src/process/exit.ts';
import { Registration } from '../../src/reactor/registration.ts';
import { Timer } from '../../src/reactor/timers/timer.ts';
import { ReactorWaker } from '../../src/reactor/waker.ts';
import * as sys from '../../src/sys/index.ts';
import { Random } from '../helpers/random.ts';
import {
  type AnyClass,
  type AnyFunction,
  inheritedMembersOf,
  isClass,
  type Member,
  membersOf,
} from './members.ts';
import { INTERNAL, NEVER_NUMBERS, ROLES, type Role, SIGNATURES } from './signatures.ts';
import { hostile, Sentinel } from './values.ts';
import { World } from './world.ts';

const CALLS_PER_WORLD = 250;
const REFUSED = -0x80000000;
const ENGINE_REFUSALS =
  / proxy that has been revoked|^Class constructor|TypedArray.prototype.length called on incompat/;

// Classes: callers get their objects, and not their constructors.
const NET = { Connection, Listener, DatagramSocket, HandOver, Relay };
const SOURCES = { DescriptorReader, DescriptorWriter, ExitWatch };
const HANDED_OUT = { ReadyEvents, Registration, Timer, ReactorWaker, ...NET, ...SOURCES };

const ANSWERS_NO_NUMBER = ['errnoName', 'inotifyEvents'];

interface Target {
  readonly name: string;
  readonly roles: readonly Role[];
  readonly isSyscall: boolean;
  call(world: World, args: unknown[]): unknown;
}

export interface FuzzReport {
  readonly callCount: number;
  /** Calls by the name of the function. */
  readonly counts: ReadonlyMap<string, number>;
  /** How calls ended: 'returned', or the code of the error. */
  readonly outcomes: ReadonlyMap<string, number>;
  readonly failures: readonly string[];
}

function targetOfMember(
  className: string,
  member: Member,
  receiver: (world: World) => object,
): Target {
  const { key, isGetter } = member;
  const name = `${className}.${String(key)}`;
  const takesNothing = isGetter || typeof key === 'symbol';
  const roles = takesNothing ? [] : (SIGNATURES[name] as readonly Role[]);
  const call = (world: World, args: unknown[]): unknown => {
    const object = receiver(world) as Record<string | symbol, AnyFunction>;
    return isGetter ? object[key] : object[key]?.(...args);
  };
  return { name, roles, isSyscall: false, call };
}

function targetsOfClass(className: string, type: AnyClass): Target[] {
  const call = (world: World, args: unknown[]): unknown => {
    const object = new type(...args);
    if ('close' in object) world.closeLater(() => (object.close as () => void)());
    return object;
  };
  const roles = SIGNATURES[className] as readonly Role[];
  return [
    { name: className, roles, isSyscall: false, call },
    ...membersOf(type).map((member) => targetOfMember(className, member, () => type)),
    ...inheritedMembersOf(type).map((member) =>
      targetOfMember(className, member, (world) => world.objects[className] as object),
    ),
  ];
}

/** Every public function, constructor, method, static and getter, found by reflection. */
export function publicTargets(): Target[] {
  const isSys = (name: string): boolean => name in sys;
  const entries: [string, unknown][] = Object.entries({ ...HANDED_OUT, ...edgewise });
  // `connect` and `listen` are names of both.
  const main = entries.map(([name, value]) => [isSys(name) ? `net.${name}` : name, value] as const);
  const targets = [...main, ...Object.entries(sys)].flatMap(
    ([name, value]: readonly [string, unknown]): Target[] => {
      if (isClass(value)) return targetsOfClass(name, value);
      if (typeof value !== 'function') return [];
      const call = (_: World, args: unknown[]): unknown => (value as AnyFunction)(...args);
      const isSyscall = isSys(name) && !ANSWERS_NO_NUMBER.includes(name);
      return [{ name, roles: SIGNATURES[name] as readonly Role[], isSyscall, call }];
    },
  );
  return targets.filter(({ name }) => !INTERNAL.has(name));
}

function argumentOf(world: World, random: Random, role: Role): unknown {
  if (random.below(5) < 3) return ROLES[role](world, random);
  for (;;) {
    const value = hostile(random);
    const isTooMuch =
      typeof value === 'number' &&
      (value === -1 || (value > 0 && value < Number.POSITIVE_INFINITY));
    const isDefault = value === undefined && role === 'timeout';
    if (!isDefault && !(isTooMuch && NEVER_NUMBERS.includes(role))) return value;
  }
}

function argumentsOf(world: World, random: Random, roles: readonly Role[]): unknown[] {
  const args = roles.map((role) => argumentOf(world, random, role));
  const mayBeShort = roles[0] !== 'timeout'; // turn() without an argument blocks
  if (mayBeShort && random.below(8) === 0) args.length = random.below(args.length + 1);
  if (random.below(16) === 0) args.push(hostile(random));
  return args;
}

/** The code that it ended with; undefined: not an error that callers may be left with. */
export function codeOf(error: unknown): string | undefined {
  if (error instanceof Sentinel) return 'Sentinel';
  if (error instanceof AggregateError) {
    return error.errors.every((one) => codeOf(one) !== undefined) ? 'AggregateError' : undefined;
  }
  // What the engine says when a revoked proxy is looked at, `length` of a proxy of memory, or a class given as a callback is
  // called: the value's own exception.
  if (error instanceof TypeError && ENGINE_REFUSALS.test(error.message)) return 'engine';
  const isTyped =
    error instanceof TypeError ||
    error instanceof RangeError ||
    error instanceof edgewise.ErrnoError ||
    error instanceof edgewise.EdgewiseError;
  const { code } = error as { code?: unknown };
  return isTyped && typeof code === 'string' ? code : undefined;
}

function isDocumentedResult(result: unknown): boolean {
  if (typeof result !== 'number' || !Number.isInteger(result) || result === REFUSED) return false;
  return result >= 0 || !sys.errnoName(result).startsWith('Unknown');
}

const MAKES_DESCRIPTOR =
  /^(socket|accept4?|dup|reopen|eventfd|timerfd_create|inotify_init1|pidfd_open|epoll_create1|kqueue)$/;
const TAKES_OVER = /^(adopt[A-Z].*|openReader|openWriter)$/;

/** Remembers the descriptors that a call has made. */
function adopt(world: World, name: string, args: readonly unknown[], result: unknown): void {
  if (result instanceof Promise) result.catch(() => undefined);
  if (name === 'Reactor.onSignal') world.closeLater(() => (result as Disposable)[Symbol.dispose]());
  if (name === 'bindDatagram') world.closeLater(() => (result as DatagramSocket).close());
  if (name === 'adoptDatagram') world.closeLater(() => (result as DatagramSocket).close());
  if (name === 'offerHandOver') world.closeLater(() => (result as HandOver).close());
  if (name === 'watchExit') world.closeLater(() => (result as ExitWatch).close());
  if (TAKES_OVER.test(name)) world.forget(args[0] as number);
  if (typeof result !== 'number' || result < 0) return;
  const { F_DUPFD, F_DUPFD_CLOEXEC } = sys.constants;
  const isDuplicate = name === 'fcntl' && (args[1] === F_DUPFD || args[1] === F_DUPFD_CLOEXEC);
  if (isDuplicate || MAKES_DESCRIPTOR.test(name)) world.adopt(result);
  if (/^(pipe2?|socketpair)$/.test(name)) {
    const fds = args.find((arg) => arg instanceof Int32Array) as Int32Array;
    world.adopt(fds[0] as number);
    world.adopt(fds[1] as number);
  }
  if (name === 'recvmsg')
    for (const fd of (args[2] as sys.ReceivedMessage).descriptors) world.adopt(fd);
  if (name === 'close') world.forget(args[0] as number);
}

/** One value in words, without running any of its code. */
export function show(value: unknown): string {
  if (typeof value === 'object' && value !== null) return 'object';
  return typeof value === 'function' ? 'function' : String(value).slice(0, 40);
}

export function count(map: Map<string, number>, key: string): void {
  map.set(key, (map.get(key) ?? 0) + 1);
}

function closeWorld(world: World, failures: string[]): void {
  try {
    world.close();
  } catch (error) {
    if (codeOf(error) === undefined) failures.push(`closing the world threw ${String(error)}`);
  }
}

/** @param seed - of the values; the same seed makes the same calls. */
export function fuzz(seed: number, callCount: number): FuzzReport {
  const random = new Random(seed);
  const targets = publicTargets();
  const [counts, outcomes] = [new Map<string, number>(), new Map<string, number>()];
  const failures: string[] = [];
  let world = new World(random);
  for (let index = 0; index < callCount && failures.length < 20; index++) {
    if (index % CALLS_PER_WORLD === CALLS_PER_WORLD - 1) {
      closeWorld(world, failures);
      world = new World(random);
    }
    const target = targets[index % targets.length] as Target;
    const args = argumentsOf(world, random, target.roles);
    const what = `call ${index}: ${target.name}(${args.map(show).join(', ')})`;
    count(counts, target.name);
    try {
      const result = target.call(world, args);
      count(outcomes, 'returned');
      adopt(world, target.name, args, result);
      if (target.isSyscall && !isDocumentedResult(result))
        failures.push(`${what} gave ${show(result)}`);
    } catch (error) {
      const code = codeOf(error);
      if (code === undefined) failures.push(`${what} threw ${String(error)}`);
      else count(outcomes, code);
    }
  }
  closeWorld(world, failures);
  return { callCount, counts, outcomes, failures };
}
