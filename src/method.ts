// The type of a member that a caller may leave out.

/**
 * A method of an object of callbacks, as a property: it may be left out, also as undefined, and its
 * parameters are compared both ways, as TypeScript does it for methods. So what takes connections with
 * data of one kind can be given where those with unknown data are asked for.
 */
export type Method<Parameters extends readonly unknown[], Result = void> = {
  /** The method itself, whose type is looked up. */
  method(...args: Parameters): Result;
}['method'];
