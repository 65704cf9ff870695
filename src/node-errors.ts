// Errors for wrong arguments in the shape of Node's own, for the rooms with Node's names (node-net,
// node-dgram): programs look at `code`, and print the message. The words are those of Node's
// internal/errors.js.
import { inspect } from 'node:util';

/** Characters of text that a message shows of a value of the wrong type. */
const TEXT_SHOWN_MAX = 28;
/** Characters that a message shows of a value that is wrong. */
const VALUE_SHOWN_MAX = 128;

/** Gives an error the `code` that Node uses, in the place of its name in the stack. */
export function coded<T extends Error>(error: T, code: string): T & { readonly code: string } {
  return Object.assign(error, { code });
}

/** ERR_INVALID_ARG_TYPE. `expected` is a phrase: `of type string`. */
export function wrongType(name: string, expected: string, value: unknown): Error {
  const message = `The "${name}" ${kindOf(name)} must be ${expected}. Received ${received(value)}`;
  return coded(new TypeError(message), 'ERR_INVALID_ARG_TYPE');
}

/** ERR_INVALID_ARG_VALUE. `reason` is the rest of the sentence. */
export function wrongValue(name: string, value: unknown, reason = 'is invalid'): Error {
  const text = inspect(value);
  const isLong = text.length > VALUE_SHOWN_MAX;
  const shown = isLong ? `${text.slice(0, VALUE_SHOWN_MAX)}...` : text;
  const message = `The ${kindOf(name)} '${name}' ${reason}. Received ${shown}`;
  return coded(new TypeError(message), 'ERR_INVALID_ARG_VALUE');
}

/** ERR_OUT_OF_RANGE. `expected` is a phrase: `an integer`. */
export function wrongRange(name: string, expected: string, value: unknown): Error {
  const message = `The value of "${name}" is out of range. It must be ${expected}. Received ${inspect(value)}`;
  return coded(new RangeError(message), 'ERR_OUT_OF_RANGE');
}

function kindOf(name: string): string {
  return name.includes('.') ? 'property' : 'argument';
}

/** What a value is, in the words of Node's messages. */
export function received(value: unknown): string {
  switch (typeof value) {
    case 'undefined':
      return 'undefined';
    case 'function':
      return `function ${value.name}`;
    case 'string': {
      const text =
        value.length > TEXT_SHOWN_MAX ? `${value.slice(0, TEXT_SHOWN_MAX - 3)}...` : value;
      return `type string (${inspect(text)})`;
    }
    case 'object': {
      if (value === null) return 'null';
      const name: unknown = value.constructor?.name;
      return typeof name === 'string' && name !== ''
        ? `an instance of ${name}`
        : inspect(value, { depth: -1 });
    }
    default:
      return `type ${typeof value} (${inspect(value)})`;
  }
}
