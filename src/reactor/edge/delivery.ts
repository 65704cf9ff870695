// Calls the handlers of `registerEdge`, and looks afterwards whether each direction that was reported
// has come to its end. It is the handler of such a registration to the dispatcher, so `register` pays
// nothing for it. What is left over is re-queued whatever the policy is: no edge is lost.
import { EdgewiseError } from '../../errors.ts';
import { Interest, Readiness, readinessNames } from '../../poller/interest.ts';
import type { LintCode } from '../lint/codes.ts';
import type { AnyRegistration, Handler, Registration } from '../registration.ts';
import type { CallSite } from '../site.ts';
import { Edge } from './edge.ts';
import { SETTLED, type Settled } from './results.ts';

const { Readable, Writable } = Interest;
/** What is reported about each direction. */
const READ_BITS = Readiness.Readable | Readiness.ReadClosed | Readiness.Error;
const WRITE_BITS = Readiness.Writable | Readiness.WriteClosed | Readiness.Error;

/** Receives the edges of the registrations that it was given to; one object can serve many. */
export interface EdgeHandler<Data = unknown> {
  /**
   * Called when the descriptor has become ready. It does its calls on `edge`, and returns what says why
   * nothing is left to do: a method of `edge` makes it.
   */
  onReady(edge: Edge<Data>): Settled;
  /** As of a {@link Handler}. */
  readonly lintIgnore?: readonly LintCode[] | undefined;
}

/** What is done about a handler that left something over; it is called again in any case. */
export type UnsettledPolicy = 'requeue' | 'warn' | 'throw';

/** What looks for mistakes, and is notified of what was left over. */
export interface UnsettledObserver {
  /** A handler has returned as if nothing were left of `left`. */
  onUnsettled(registration: AnyRegistration, left: Readiness): void;
}

/** An edge of whatever data. */
// biome-ignore lint/suspicious/noExplicitAny: one object serves registrations of any data
type AnyEdge = Edge<any>;

/** What the edge handlers of a reactor have in common. */
export class Edges {
  /** Calls that left something over. */
  unsettledCount = 0;
  /** Handlers that were warned of. */
  readonly warned = new WeakSet<object>();
  /** Undefined: no lint. */
  readonly lint: UnsettledObserver | undefined;
  // A handler may call `reactor.turn`: each depth has an object of its own.
  readonly #byDepth: Edge[] = [];
  #depth = 0;

  constructor(lint?: UnsettledObserver) {
    this.lint = lint;
  }

  /** Before a call. */
  enter(readiness: Readiness, registration: AnyRegistration): Edge {
    const depth = this.#depth++;
    let edge = this.#byDepth[depth];
    if (edge === undefined) {
      edge = new Edge();
      this.#byDepth.push(edge);
    }
    edge.current = registration;
    edge.reported = readiness;
    edge.settledDirections = 0;
    edge.hasAnswered = false;
    return edge;
  }

  /** After it. @returns what was left over, and is re-queued. */
  leave(edge: AnyEdge, registration: AnyRegistration): Readiness {
    this.#depth--;
    edge.current = undefined;
    const open = directionsOf(edge.reported) & ~edge.settledDirections;
    return open === 0 ? 0 : this.#requeue(registration, edge.reported & bitsOf(open));
  }

  #requeue(registration: AnyRegistration, unsettled: Readiness): Readiness {
    if (registration.isClosed || registration.trigger !== 'edge') return 0;
    // What was taken out of the interest is reported when it comes back.
    const readiness = unsettled & bitsOf(registration.interest);
    const queued = directionsOf(registration.requeuedReadiness);
    if ((directionsOf(readiness) & ~queued) === 0) return 0;
    this.unsettledCount++;
    registration.requeue(readiness);
    return readiness;
  }
}

/** The handler of one registration of `registerEdge`. */
export class EdgeDelivery<Data> implements Handler<Data> {
  /** The handler that was registered. */
  readonly handler: EdgeHandler<Data>;
  readonly #edges: Edges;
  readonly #policy: UnsettledPolicy;
  readonly #site: CallSite | undefined;

  /** @param site - where `registerEdge` was called; undefined: nothing is going to name it. */
  constructor(
    edges: Edges,
    handler: EdgeHandler<Data>,
    policy: UnsettledPolicy,
    site: CallSite | undefined,
  ) {
    this.#edges = edges;
    this.handler = handler;
    this.#policy = policy;
    this.#site = site;
  }

  /** Called by the dispatcher. */
  onReady(readiness: Readiness, registration: Registration<Data>): void {
    const edge = this.#edges.enter(readiness, registration) as Edge<Data>;
    let answer: unknown;
    try {
      answer = this.handler.onReady(edge);
    } catch (error) {
      this.#edges.leave(edge, registration);
      throw error;
    }
    const left = this.#edges.leave(edge, registration);
    if (left === 0) return;
    this.#edges.lint?.onUnsettled(registration, left);
    if (this.#policy !== 'requeue')
      this.#report(registration.fd, left, answer === SETTLED && !edge.hasAnswered);
  }

  #report(fd: number, left: Readiness, isStale: boolean): void {
    const what = isStale
      ? 'its edge handler returned what was made in another call'
      : `its edge handler left ${readinessNames(left)} unsettled`;
    const message = `fd ${fd}: ${what}; registered ${this.#site}`;
    if (this.#policy === 'throw') {
      throw new EdgewiseError(isStale ? 'ERR_EDGE_STALE' : 'ERR_EDGE_UNSETTLED', message);
    }
    if (this.#edges.warned.has(this.handler)) return;
    this.#edges.warned.add(this.handler);
    const code = isStale ? 'EDGEWISE_TOKEN_STALE' : 'EDGEWISE_UNSETTLED';
    process.emitWarning(message, { type: 'EdgewiseWarning', code });
  }
}

function directionsOf(readiness: Readiness): number {
  return (
    ((readiness & READ_BITS) !== 0 ? Readable : 0) | ((readiness & WRITE_BITS) !== 0 ? Writable : 0)
  );
}

function bitsOf(directions: number): Readiness {
  return (
    ((directions & Readable) !== 0 ? READ_BITS : 0) |
    ((directions & Writable) !== 0 ? WRITE_BITS : 0)
  );
}
