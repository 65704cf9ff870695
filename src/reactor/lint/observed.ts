// What the lint knows of one registration, and the handler that it puts in front of the registration's
// own: so the dispatcher pays nothing for it.
import type { Readiness } from '../../poller/interest.ts';
import { EdgeDelivery } from '../edge/delivery.ts';
import type { AnyRegistration, Handler, Registration } from '../registration.ts';
import { CallSite } from '../site.ts';
import type { SeenCall } from './calls.ts';
import type { LintCode } from './codes.ts';

/** What was seen of one registration. */
export class Observed {
  readonly registration: AnyRegistration;
  /** The class of its handler, or the name of the function. */
  readonly handler: string;
  /** The line that registered it. */
  readonly site = new CallSite();
  /** What is not to be reported of it any more: it was, or the handler does not want it. */
  readonly silenced: Set<LintCode>;
  /** Whether its handler is running. */
  isInCall = false;
  /** The last call that read or accepted since it was last reported as readable. */
  lastRead: SeenCall | undefined;
  /** The last call that wrote. */
  lastWrite: SeenCall | undefined;
  /** What was moved in the call of the handler that runs, or ran last. */
  moved = { reads: 0, operations: 0, bytes: 0 };

  constructor(registration: AnyRegistration) {
    this.registration = registration;
    const handler = ownHandlerOf(registration);
    this.handler = nameOf(handler);
    this.silenced = new Set(Array.isArray(handler.lintIgnore) ? handler.lintIgnore : []);
  }

  /** Whether the reactor calls the handler again without a report. */
  get isQueued(): boolean {
    const { requeuedReadiness, dueReadiness } = this.registration;
    return (requeuedReadiness | dueReadiness) !== 0;
  }

  /** A call was made on its descriptor. */
  note(call: SeenCall): void {
    const { way, result } = call;
    const isRead = way === 'read' || way === 'accept';
    if (isRead) this.lastRead = call;
    if (way === 'write') this.lastWrite = call;
    if (!isRead && way !== 'write') return;
    this.moved.operations++;
    if (isRead) this.moved.reads++;
    if (way !== 'accept' && result > 0) this.moved.bytes += result;
  }
}

/** What is called around a handler. */
export interface HandlerObserver {
  onCalling(observed: Observed, readiness: Readiness): void;
  onHandled(observed: Observed, readiness: Readiness): void;
}

/** In front of the handler of one registration. */
export class ObservedHandler implements Handler<unknown> {
  readonly #observer: HandlerObserver;
  readonly #observed: Observed;
  readonly #inner: Handler<unknown>;

  constructor(observer: HandlerObserver, observed: Observed) {
    this.#observer = observer;
    this.#observed = observed;
    this.#inner = observed.registration.handler;
  }

  onReady(readiness: Readiness, registration: Registration<unknown>): void {
    this.#observer.onCalling(this.#observed, readiness);
    try {
      this.#inner.onReady(readiness, registration);
    } finally {
      this.#observer.onHandled(this.#observed, readiness);
    }
  }

  queuedBytes(registration: Registration<unknown>): number | undefined {
    return this.#inner.queuedBytes?.(registration);
  }
}

type OwnHandler = Pick<Handler, 'lintIgnore'> & { readonly onReady: object };

function ownHandlerOf({ handler }: AnyRegistration): OwnHandler {
  return handler instanceof EdgeDelivery ? handler.handler : handler;
}

function nameOf(handler: OwnHandler): string {
  const { name = 'Object' } = handler.constructor ?? {};
  return name === 'Object' ? (handler.onReady as { readonly name: string }).name : name;
}
