// connect() for `await`.

import {
  connect as connectWithHandlers,
  type ConnectOptions as Options,
} from '../net/connect/index.ts';
import { checkObject, throwIfAborted } from '../validate.ts';
import { Connection } from './connection.ts';
import { renewed } from './failure.ts';
import { destroyIdle } from './listener.ts';
import { Waiter } from './waiter.ts';

/** As those of `connect` in `edgewise`, without `handlers` and what belongs to them. */
export type ConnectOptions = Omit<
  Options<Connection>,
  'handlers' | 'createData' | 'allowHalfOpen' | 'receiveDescriptors'
>;

/**
 * Connects, and resolves when it is connected.
 *
 * @param options - `signal` closes the connection also later, with its reason.
 * @throws ErrnoError - ECONNREFUSED, ETIMEDOUT, ENETUNREACH, …; Node's ENOTFOUND and the like of the
 *   name; an AggregateError with the `code` of the first when several addresses have failed.
 * @throws TypeError, RangeError - an option of the wrong kind.
 */
export async function connect(options: ConnectOptions): Promise<Connection> {
  checkObject('options', options);
  const waiter = new Waiter<Connection | undefined>();
  let failure: Error | undefined;
  connectWithHandlers<Connection>({
    ...options,
    createData: (connection) => new Connection(connection),
    handlers: {
      open: ({ data }) => waiter.resolve(data),
      close: (_connection, error) => {
        failure = error;
        waiter.resolve(undefined);
      },
      timeout: (connection) => destroyIdle(connection),
    },
  });
  const connection = await waiter.promise;
  if (connection !== undefined) return connection;
  if (failure === undefined) throwIfAborted(options.signal); // its reason may be no error: null
  throw renewed(failure, 'the Connection');
}
