// Which messages JSON encodes without loss, several times faster than structured clone: trees of
// null, booleans, ordinary numbers, text, arrays and plain objects.

const DEPTH_MAX = 16;

/** Whether `JSON.parse(JSON.stringify(value))` is the same value again; calls no `toJSON`. */
export function isPlain(value: unknown, depth = 0): boolean {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return true;
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0);
    case 'object':
      return value === null || (depth < DEPTH_MAX && isPlainObject(value, depth + 1));
    default:
      return false;
  }
}

function isPlainObject(value: object, depth: number): boolean {
  if (Array.isArray(value)) return isPlainArray(value, depth);
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype) return false;
  if ('toJSON' in value) return false;
  for (const key in value) {
    if (!isPlain((value as Record<string, unknown>)[key], depth)) return false;
  }
  return true;
}

// A hole reads as undefined, which is not plain. Properties beside the elements would be lost.
function isPlainArray(list: readonly unknown[], depth: number): boolean {
  if ('toJSON' in list) return false;
  for (let i = 0; i < list.length; i++) if (!isPlain(list[i], depth)) return false;
  return Object.keys(list).length === list.length;
}
