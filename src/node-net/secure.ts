// connect() of node:tls over a socket of ours, which is made where the program has given none. Node starts
// the handshake at once, and its bytes wait in our socket until that is connected; to the program it is a
// TLSSocket that connects by itself, with the events of that.
import nodeNet from 'node:net';
import type { TLSSocket } from 'node:tls';
import { Socket } from './socket.ts';
import type { SocketConnectOptions, SocketOptions } from './socket-options.ts';

type Options = Record<string, unknown>;
type Connect = (...args: never[]) => TLSSocket;

/** Events of a socket that connects, which node:tls does not pass on. */
const PROGRESS = [
  'lookup',
  'connectionAttempt',
  'connectionAttemptFailed',
  'connectionAttemptTimeout',
] as const;

// As node:tls: ([port,] [host,] [options,] [callback]), or (path, ...).
function optionsOf(args: readonly unknown[]): [options: Options, callback: unknown] {
  const { _normalizeArgs } = nodeNet as unknown as {
    _normalizeArgs(args: readonly unknown[]): [Options, unknown];
  };
  const [named, callback] = _normalizeArgs(args);
  const isObject = (value: unknown) => typeof value === 'object' && value !== null;
  const extra = [args[1], args[2]].find(isObject);
  return [{ ...named, ...(extra as Options | undefined) }, callback];
}

/**
 * As `tls.connect`.
 *
 * @param connect - that of Node, which is given the socket.
 * @throws as that of Node; then nothing is open.
 */
export function secureConnect(connect: Connect, args: readonly unknown[]): TLSSocket {
  const [options, callback] = optionsOf(args);
  const call = (given: Options): TLSSocket =>
    Reflect.apply(connect as () => TLSSocket, undefined, [given, ...(callback ? [callback] : [])]);
  if (options.socket) return call(options);
  const { allowHalfOpen, highWaterMark, blockList } = options as SocketOptions;
  const socket = new Socket({ allowHalfOpen: Boolean(allowHalfOpen), highWaterMark, blockList });
  socket.connect(options as unknown as SocketConnectOptions);
  let secure: TLSSocket;
  try {
    secure = call({ ...options, socket });
  } catch (error) {
    socket.destroy(); // a certificate that is none, …
    throw error;
  }
  if (options.timeout) secure.setTimeout(options.timeout as number);
  forward(socket, secure);
  return secure;
}

function forward(socket: Socket, secure: TLSSocket): void {
  const state = secure as { connecting: boolean };
  state.connecting = true;
  for (const event of PROGRESS) {
    socket.on(event, (...args: unknown[]) => void secure.emit(event, ...args));
  }
  socket.once('connect', () => {
    const { autoSelectFamilyAttemptedAddresses } = socket;
    Object.assign(secure, { autoSelectFamilyAttemptedAddresses });
    state.connecting = false;
    if (!secure.destroyed) secure.emit('connect');
  });
  socket.once('ready', () => {
    if (!secure.destroyed) secure.emit('ready');
  });
  socket.once('close', () => {
    state.connecting = false;
  });
}
