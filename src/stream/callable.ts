// Classes that are called like the functions that Node's own are: `net.Socket()` without `new`, and
// `net.Socket.call(this)` of a function that got the prototype by `util.inherits`.

/** Any class. */
// biome-ignore lint/suspicious/noExplicitAny: of any arguments
export type Constructor = new (...args: any[]) => object;

/** The function that a class is exported as. */
export type Callable<Class extends Constructor> = Class &
  ((...args: ConstructorParameters<Class>) => InstanceType<Class>);

/** What is to become an instance, by the `new.target` of its construction. */
const callers = new WeakMap<object, object>();

/**
 * A base class that makes nothing where an object is there already: that becomes the instance.
 *
 * @param Base - one of Node's constructors that are functions.
 */
export function adopting<Base extends Constructor>(Base: Base): Base {
  function Adopting(...args: unknown[]): object {
    const target = new.target as unknown as Constructor;
    const caller = callers.get(target);
    if (caller === undefined) return Reflect.construct(Base, args, target);
    Reflect.apply(Base, caller, args);
    return caller;
  }
  Adopting.prototype = Base.prototype;
  return Object.setPrototypeOf(Adopting, Base);
}

/**
 * Makes the function that a class is exported as. It works with `new` and without, and on an object
 * whose prototype is below that of the class.
 *
 * @param name - of the function.
 * @param Class - its root extends what `adopting` has made.
 * @param Twins - the class of Node with the same name, and others: `instanceof` is true of their
 *   instances too.
 */
export function callable<Class extends Constructor>(
  name: string,
  Class: Class,
  ...Twins: readonly Constructor[]
): Callable<Class> {
  function Call(this: unknown, ...args: unknown[]): object | undefined {
    if (new.target !== undefined) return Reflect.construct(Class, args, new.target);
    if (!(this instanceof Class)) return Reflect.construct(Class, args, Call);
    const Target = class {}; // of this call only
    callers.set(Target, this);
    Reflect.construct(Class, args, Target);
    return undefined;
  }
  Object.defineProperty(Call, 'name', { value: name });
  Object.defineProperty(Call, Symbol.hasInstance, {
    value(this: unknown, value: unknown): boolean {
      const isOurs = Reflect.apply(Function.prototype[Symbol.hasInstance], this, [value]);
      return isOurs || (this === Call && Twins.some((Twin) => value instanceof Twin));
    },
  });
  Call.prototype = Class.prototype;
  Object.defineProperty(Class.prototype, 'constructor', { value: Call });
  return Object.setPrototypeOf(Call, Class);
}
