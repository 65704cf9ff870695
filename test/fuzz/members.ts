// Classes and their members, found by reflection.

export type AnyFunction = (...args: unknown[]) => unknown;
export type AnyClass = new (...args: unknown[]) => object;

export interface Member {
  readonly key: string | symbol;
  readonly isGetter: boolean;
}

export function isClass(value: unknown): value is AnyClass {
  return typeof value === 'function' && /^class\b/.test(Function.prototype.toString.call(value));
}

export function membersOf(owner: object): Member[] {
  return Reflect.ownKeys(owner).flatMap((key): Member[] => {
    const { value, get } = Object.getOwnPropertyDescriptor(owner, key) as PropertyDescriptor;
    if (key === 'constructor' || (get === undefined && typeof value !== 'function')) return [];
    return [{ key, isGetter: get !== undefined }];
  });
}

/** Those of a class and of the classes of ours that it extends. */
export function inheritedMembersOf(type: AnyClass): Member[] {
  const parent: unknown = Object.getPrototypeOf(type);
  const inherited = isClass(parent) ? inheritedMembersOf(parent) : [];
  return [...membersOf(type.prototype as object), ...inherited];
}
