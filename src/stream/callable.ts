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
 * It is a class, which makes no object of its own: V8 keeps the shape of instances by the one
 * constructor that makes them, and else gives each instance a shape of its own, which everything that
 * touches it pays for.
 *
 * @param Base - one of Node's constructors that are functions.
 */
export function adopting<Base extends Constructor>(Base: Base): Base {
  return class extends Base {
    // biome-ignore lint/suspicious/noExplicitAny: TypeScript asks for it in a mixin
    // biome-ignore lint/correctness/noUnreachableSuper: it returns what is there already
    constructor(...args: any[]) {
      const caller = callers.get(new.target);
      if (caller === undefined) {
        super(...args);
        return;
      }
      Reflect.apply(Base, caller, args);
      // biome-ignore lint/correctness/noConstructorReturn: it is the instance
      return caller;
    }
  };
}

/**
 * Makes the function that a class is exported as. It works with `new` and without, and on an object
 * whose prototype is below that of the class.
 *
 * It is a proxy of the class: a function would make an object before the class makes its own, and give
 * each instance of a class derived from it a shape of its own, as above.
 *
 * @param name - of the function.
 * @param Class - its root extends what `adopting` has made. It gets the name.
 * @param Twins - the class of Node with the same name, and others: `instanceof` is true of their
 *   instances too.
 */
export function callable<Class extends Constructor>(
  name: string,
  Class: Class,
  ...Twins: readonly Constructor[]
): Callable<Class> {
  const Call = new Proxy(Class, {
    apply(_, caller: unknown, args: unknown[]): object | undefined {
      if (!(caller instanceof Class)) return Reflect.construct(Class, args);
      const Target = class {}; // of this call only
      callers.set(Target, caller);
      Reflect.construct(Class, args, Target);
      return undefined;
    },
    construct: (_, args, newTarget) =>
      Reflect.construct(Class, args, newTarget === Call ? Class : newTarget),
  }) as Callable<Class>;
  Object.defineProperty(Class, 'name', { value: name });
  Object.defineProperty(Class, Symbol.hasInstance, {
    configurable: true, // a proxy of it may say something else
    value(this: unknown, value: unknown): boolean {
      const isOurs = Reflect.apply(Function.prototype[Symbol.hasInstance], this, [value]);
      return isOurs || (this === Call && Twins.some((Twin) => value instanceof Twin));
    },
  });
  Object.defineProperty(Class.prototype, 'constructor', { value: Call });
  return Call;
}
