// Errors for the caller that awaits: an error that was made in a turn of the reactor has the stack of the
// reactor. Made anew where the waiting function goes on, it has the stack of its callers, which V8
// follows through `await`; the first one is its `cause`.
import { ClosedError, EdgewiseError, ErrnoError } from '../errors.ts';

/**
 * Makes an error anew, to be thrown by the function that awaited.
 *
 * @param error - why the operation failed; undefined: it was closed by us.
 * @param what - for the message of ERR_CLOSED: `'the Connection'`.
 */
export function renewed(error: Error | undefined, what: string): Error {
  if (error === undefined) return new ClosedError(what);
  if (error instanceof ErrnoError) return renewedErrno(error);
  if (error instanceof EdgewiseError) {
    return new EdgewiseError(error.code, error.message, { cause: error });
  }
  return error; // the user's own, given to `destroy` or as a signal's reason
}

function renewedErrno(error: ErrnoError): ErrnoError {
  const { errno, syscall, fd, address, port, path, localAddress, localPort, mtu, pid } = error;
  const context = Object.fromEntries(
    Object.entries({ fd, address, port, path, localAddress, localPort, mtu, pid }).filter(
      ([, value]) => value !== undefined,
    ),
  );
  const copy = new ErrnoError(errno, syscall, context);
  copy.cause = error;
  return copy;
}
