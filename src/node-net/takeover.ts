// Puts our sockets in the place of those of node:net, for `edgewise/net/register`.
//
// Node's own modules go on using the object that `require('node:net')` gives, and look into it at each use:
// what is put there has to serve them as well. They need their own sockets in four places, which
// the functions here distinguish: a socket that is given a handle or a descriptor (standard streams,
// child processes, terminals), an instance that exists already (TLSSocket, tty.ReadStream), the server by
// which the primary of a cluster listens, and `instanceof` in node:tls and node:child_process, which
// hand the handle of what passes to native code.
//
// node:http, node:https, node:tls and node:http2 have their prototypes from node:net since they were loaded,
// which is why all of them are loaded before anything is replaced.
import childProcess from 'node:child_process';
import http from 'node:http';
import 'node:http2';
import 'node:https';
import nodeNet, { Server as NodeServer, Socket as NodeSocket } from 'node:net';
import tls from 'node:tls';
import 'node:tty';
import { connect } from './connect.ts';
import {
  setDefaultAutoSelectFamily,
  setDefaultAutoSelectFamilyAttemptTimeout,
} from './defaults.ts';
import { Replacements } from './exports.ts';
import { SocketHandle } from './handle.ts';
import { secureConnect } from './secure.ts';
import { refuseOurs } from './sending.ts';
import { listenFor, Server, ServerClass } from './server.ts';
import { Socket, SocketClass } from './socket.ts';

// biome-ignore lint/complexity/noBannedTypes: the shape of each is checked where it is called
type Call = Function;
type Constructor = new (...args: never[]) => object;

// At load: the names are live, and are ours later.
const Node = {
  Server: NodeServer,
  Socket: NodeSocket,
  listen: NodeServer.prototype.listen as Call,
  createConnection: nodeNet.createConnection,
  spawn: (childProcess.ChildProcess.prototype as unknown as { spawn: Call }).spawn,
  tlsConnect: tls.connect,
};

/** A class of ours in the place of Node's. */
interface Facade {
  /** Ours. */
  readonly Ours: Constructor;
  /** Node's. */
  readonly Theirs: Constructor;
  /** Whether Node's is to be constructed, by the arguments. */
  isTheirs(args: readonly unknown[]): boolean;
  /** What `instanceof` says. */
  hasInstance(value: unknown): boolean;
}

// A proxy: it has the name, the prototype and the static members of ours.
function facadeOf({ Ours, Theirs, isTheirs, hasInstance }: Facade): Constructor {
  const has = function (this: unknown, value: unknown): boolean {
    if (this === Facade) return hasInstance(value);
    return Reflect.apply(Function.prototype[Symbol.hasInstance], this, [value]); // a derived class
  };
  const Facade: Constructor = new Proxy(Ours, {
    apply(_, caller: unknown, args: unknown[]): unknown {
      if (caller instanceof Theirs) return Reflect.apply(Theirs as unknown as Call, caller, args);
      return isTheirs(args)
        ? Reflect.construct(Theirs, args)
        : Reflect.apply(Ours as unknown as Call, caller, args);
    },
    construct(_, args, newTarget): object {
      if (newTarget !== Facade) return Reflect.construct(Ours, args, newTarget);
      return Reflect.construct(isTheirs(args) ? Theirs : Ours, args);
    },
    get: (_, name, receiver) =>
      name === Symbol.hasInstance ? has : Reflect.get(Ours, name, receiver),
  });
  return Facade;
}

/** Whether a socket is Node's own: of a descriptor, or of a handle that is none of ours. */
function isOfNode([first]: readonly unknown[]): boolean {
  if (typeof first === 'number') return true;
  if (typeof first !== 'object' || first === null) return false;
  const { fd, handle } = first as { fd?: unknown; handle?: unknown };
  const isForeign = handle !== undefined && handle !== null && !(handle instanceof SocketHandle);
  return isForeign || (fd !== undefined && fd !== null);
}

// The server by which the primary of a cluster listens for its workers. It takes the handle away from it, and
// gives it a listener that is never to be called: the `fail` of Node's internal assertions, which programs
// cannot reach.
function isOfPrimary([listener]: readonly unknown[]): boolean {
  return (
    typeof listener === 'function' &&
    listener.name === 'fail' &&
    Function.prototype.toString.call(listener).includes('ERR_INTERNAL_ASSERTION')
  );
}

function primaryServer(args: readonly unknown[]): object {
  const server = Reflect.construct(Node.Server, args);
  Object.defineProperty(server, 'listen', { value: Node.listen });
  return server;
}

function takeSockets(replacements: Replacements): void {
  const SocketFacade = facadeOf({
    Ours: Socket,
    Theirs: Node.Socket,
    isTheirs: isOfNode,
    hasInstance: (value) => value instanceof Node.Socket,
  });
  replacements.set(nodeNet, 'Socket', SocketFacade);
  replacements.set(nodeNet, 'Stream', SocketFacade);
  replacements.set(nodeNet, 'connect', connect);
  replacements.set(nodeNet, 'createConnection', connect);
  // What node:tls calls of the prototype, for its own sockets.
  const { prototype } = Node.Socket as unknown as { prototype: Record<symbol, unknown> };
  for (const symbol of Object.getOwnPropertySymbols(prototype)) {
    if (!(symbol in SocketClass.prototype)) {
      replacements.set(SocketClass.prototype, symbol, prototype[symbol]);
    }
  }
}

function takeServers(replacements: Replacements): void {
  const ServerFacade = facadeOf({
    Ours: Server,
    Theirs: Node.Server,
    isTheirs: () => false,
    hasInstance: (value) => value instanceof Node.Server || value instanceof ServerClass,
  });
  replacements.set(nodeNet, 'Server', ServerFacade);
  replacements.set(nodeNet, 'createServer', function createServer(...args: unknown[]) {
    return isOfPrimary(args) ? primaryServer(args) : Reflect.construct(Server, args);
  });
  // Of servers of node:http, node:https, node:tls and node:http2.
  replacements.set(
    Node.Server.prototype,
    'listen',
    function (this: NodeServer, ...args: unknown[]) {
      listenFor(this, args);
      return this;
    },
  );
}

// The defaults of Node are for what is left to it.
function takeDefaults(replacements: Replacements): void {
  for (const ours of [setDefaultAutoSelectFamily, setDefaultAutoSelectFamilyAttemptTimeout]) {
    const theirs = (nodeNet as unknown as Record<string, Call | undefined>)[ours.name];
    if (theirs === undefined) continue; // in another release of Node
    replacements.set(nodeNet, ours.name, (value: never) => {
      theirs(value);
      ours(value);
    });
  }
}

function takeOthers(replacements: Replacements): void {
  const { prototype } = http.Agent as unknown as { prototype: { createConnection: Call } };
  // Until Node 22; later ones look into node:net.
  if (prototype.createConnection === Node.createConnection) {
    replacements.set(prototype, 'createConnection', connect);
  }
  replacements.set(tls, 'connect', (...args: unknown[]) => secureConnect(Node.tlsConnect, args));
  replacements.set(
    childProcess.ChildProcess.prototype,
    'spawn',
    function (this: object, ...args: unknown[]) {
      const result = Reflect.apply(Node.spawn, this, args);
      refuseOurs(this);
      return result;
    },
  );
}

/** Replaces everything. The result puts it back. */
export function takeOver(): Replacements {
  const replacements = new Replacements();
  takeSockets(replacements);
  takeServers(replacements);
  takeDefaults(replacements);
  takeOthers(replacements);
  refuseOurs(process, replacements);
  replacements.publish();
  return replacements;
}
