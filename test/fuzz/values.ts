// Values that no function asks for: wrong types, wrong numbers, memory that is gone, shared or too
// short, proxies, and objects that run code when they are looked at.
import type { Random } from '../helpers/random.ts';

/** Thrown by the getters, traps and callbacks of hostile values: it may come through as it is. */
export class Sentinel extends Error {
  override readonly name = 'Sentinel';
}

/** How often a hostile value was turned into a primitive: no function of ours may do that. */
export const coercions = { count: 0 };

type Resizable = ArrayBuffer & { resize(byteLength: number): void };
const BufferWithMax = ArrayBuffer as unknown as new (
  byteLength: number,
  options: { maxByteLength: number },
) => Resizable;
const SharedWithMax = SharedArrayBuffer as unknown as new (
  byteLength: number,
  options: { maxByteLength: number },
) => SharedArrayBuffer;

export function throwSentinel(): never {
  throw new Sentinel('from a hostile value');
}

function detach(buffer: ArrayBuffer): void {
  structuredClone(buffer, { transfer: [buffer] });
}

function detached<View extends { readonly buffer: ArrayBufferLike }>(view: View): View {
  detach(view.buffer as ArrayBuffer);
  return view;
}

function shrunk(length: number | undefined): Uint8Array {
  const buffer = new BufferWithMax(64, { maxByteLength: 128 });
  const bytes = new Uint8Array(buffer, 16, length);
  buffer.resize(8);
  return bytes;
}

function revoked(target: object): unknown {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
}

/** Whatever is asked of it throws. */
function throwingProxy(target: object): unknown {
  const traps = ['get', 'has', 'getPrototypeOf', 'ownKeys', 'getOwnPropertyDescriptor'] as const;
  return new Proxy(target, Object.fromEntries(traps.map((trap) => [trap, throwSentinel])));
}

// Every property that a function of ours reads from an object.
const PROPERTIES = [
  'address',
  'port',
  'path',
  'abstract',
  'unspecified',
  'buffers',
  'to',
  'descriptors',
  'backend',
  'capacity',
  'budget',
  'bytes',
  'operations',
  'asyncContext',
  'onError',
  'lint',
  'trigger',
  'data',
  'exclusive',
  'driver',
  'onReady',
  'length',
  'from',
  'fd',
  'ident',
  'filter',
  'flags',
  'fflags',
  'udata',
];

/** An object with getters for some of the properties that functions read. */
export function withGetters(random: Random, get: (name: string) => unknown): object {
  const target = {};
  for (const name of PROPERTIES) {
    if (random.below(3) !== 0) continue;
    Object.defineProperty(target, name, { get: () => get(name), enumerable: true });
  }
  return target;
}

function coercible(bytes: Uint8Array): object {
  const coerce = (): number => {
    coercions.count++;
    if (bytes.length > 0) detach(bytes.buffer as ArrayBuffer);
    return 1;
  };
  return { valueOf: coerce, toString: coerce, [Symbol.toPrimitive]: coerce };
}

/** An array of buffers: the second element takes the memory of the first away. */
function detachingArray(): unknown[] {
  const first = new Uint8Array(64);
  const array: unknown[] = [first, undefined];
  const get = (): Uint8Array => {
    if (first.length > 0) detach(first.buffer);
    return new Uint8Array(8);
  };
  Object.defineProperty(array, 1, { get, enumerable: true });
  return array;
}

function sparse(length: number): unknown[] {
  const array: unknown[] = [];
  array.length = length;
  return array;
}

/** Numbers that are never an open descriptor: not 0 to 1023. */
const NUMBERS: readonly number[] = [
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  -1,
  -2,
  -1.5,
  1.5,
  0.1,
  2 ** 31,
  2 ** 31 - 1,
  -(2 ** 31),
  2 ** 32,
  2 ** 32 - 1,
  2 ** 53,
  2 ** 53 - 1,
  2 ** 53 + 2,
  -(2 ** 53),
  1e300,
  Number.MIN_VALUE,
  1_000_003,
];

type Make = (random: Random) => unknown;

const MAKERS: readonly Make[] = [
  (random) => random.pick(NUMBERS),
  (random) => random.pick(NUMBERS),
  (random) => random.pick([0n, -1n, 2n ** 31n, 2n ** 64n]),
  (random) => random.pick(['', '0', '1', 'x', 'edge\0', '1e3', '\ud800', 'x'.repeat(5000)]),
  (random) => random.pick([null, undefined, true, false]),
  (random) => random.pick([Symbol('s'), Symbol.iterator]),
  (random) => random.pick([() => undefined, throwSentinel, class {}, async () => undefined]),
  () => ({}),
  () => Object.create(null) as unknown,
  (random) => random.pick([[], [1], [null], ['a', {}], [new Uint8Array(4), 7], sparse(2000)]),
  () => detachingArray(),
  (random) => withGetters(random, throwSentinel),
  (random) => withGetters(random, () => hostile(random)),
  () => throwingProxy({}),
  () => throwingProxy([]),
  () => throwingProxy(new Uint8Array(8)),
  () => throwingProxy(() => undefined),
  () => new Proxy(new Uint8Array(16), {}),
  () => new Proxy([new Uint8Array(16)], {}),
  (random) => revoked(random.pick([{}, [], new Uint8Array(8), () => undefined])),
  () => coercible(new Uint8Array(16)),
  () => detached(new Uint8Array(16)),
  () => detached(new Int32Array(16)),
  () => shrunk(undefined),
  () => shrunk(32),
  () => new Uint8Array(new BufferWithMax(16, { maxByteLength: 64 })),
  () => new Uint8Array(new SharedArrayBuffer(16)),
  () => new Int32Array(new SharedWithMax(16, { maxByteLength: 64 })),
  (random) => new Uint8Array(random.pick([0, 1, 3])),
  (random) => new Int32Array(random.pick([0, 1, 3])),
  () => new DataView(new ArrayBuffer(16)),
  () => new Float64Array(4),
  () => new BigUint64Array(4),
  () => new Uint8ClampedArray(8),
  () => new ArrayBuffer(16),
  () => new Date(Number.NaN),
  () => Object.create(Uint8Array.prototype) as unknown,
];

export function hostile(random: Random): unknown {
  return random.pick(MAKERS)(random);
}
