// `reactor.audit()`: what the reactor shows of itself to src/audit, which compares it with the kernel.
import {
  type AuditBook,
  type AuditReport,
  auditRegistry,
  type RegistryEntry,
} from '../audit/index.ts';
import { EdgewiseError } from '../errors.ts';
import { epollMaskOf, placeInEntry } from '../poller/epoll-entry.ts';
import { Interest, type Readiness } from '../poller/interest.ts';
import { Poller } from '../poller/poller.ts';
import { type AnyRegistration, queuedBytesOf } from './registration.ts';

/** What of a reactor is audited. */
export interface Audited {
  readonly poller: Poller;
  readonly registrations: readonly AnyRegistration[];
  readonly isDispatching: boolean;
  /** Whether a turn has run since the audit before. */
  readonly hasTurned: boolean;
}

/** @throws as `reactor.audit` */
export function auditReactor(audited: Audited, book: AuditBook): AuditReport {
  const { poller, registrations, isDispatching, hasTurned } = audited;
  if (poller.backend !== 'epoll') {
    const why = `an audit reads epoll sets: the back-end is ${poller.backend}`;
    throw new EdgewiseError('ERR_AUDIT_UNSUPPORTED', why);
  }
  const set = poller.handle.descriptor();
  const readiness = readinessNow([...registrations.map(({ fd }) => fd), set]);
  const view = {
    set,
    entries: registrations.map((each) => entryOf(each, readiness.get(each.fd) ?? 0)),
    isBetweenTurns: !isDispatching,
    isQuiet: (readiness.get(set) ?? 0) === 0,
    hasTurned,
    placeOf: placeInEntry,
    libuvDescriptors,
  };
  return auditRegistry(view, book);
}

function entryOf(registration: AnyRegistration, readiness: Readiness): RegistryEntry {
  const { fd, slot, generation, interest, trigger, isExclusive } = registration;
  return {
    fd,
    slot,
    generation,
    interest,
    trigger,
    mask: epollMaskOf(interest, trigger, isExclusive),
    isQueued: (registration.requeuedReadiness | registration.dueReadiness) !== 0,
    readiness,
    queuedBytes: queuedBytesOf(registration),
  };
}

// By poll(2), which takes nothing from the set: a report that waits there goes on waiting.
function readinessNow(fds: readonly number[]): ReadonlyMap<number, Readiness> {
  const capacity = Math.min(fds.length, 65_536);
  using probe = new Poller({ backend: 'poll', capacity });
  const found = new Map<number, Readiness>();
  // What was closed is refused.
  for (const fd of fds)
    probe.addRaw(fd, 0, fd, Interest.Readable | Interest.Writable, 'level', false);
  const count = probe.wait(0);
  for (let at = 0; at < count; at++) {
    found.set(probe.events.token(at), probe.events.readiness(at));
  }
  return found;
}

interface NodeReport {
  readonly libuv?: readonly { readonly fd?: number }[];
  readonly workers?: readonly NodeReport[];
}

/** `process.report`, with what the types of Node 20 lack. */
interface Reporter {
  excludeNetwork?: boolean;
  getReport(): object;
}

// Sockets of node:net and the like, also those that are paused, which no set has.
function libuvDescriptors(): ReadonlySet<number> {
  const reporter: Reporter | undefined = process.report;
  if (reporter === undefined) return new Set(); // Bun, Deno
  const { excludeNetwork = false } = reporter;
  reporter.excludeNetwork = true; // it looks up the names of all peers otherwise
  const report = reporter.getReport() as NodeReport;
  reporter.excludeNetwork = excludeNetwork;
  const handles = [report, ...(report.workers ?? [])].flatMap((each) => each.libuv ?? []);
  return new Set(handles.flatMap(({ fd }) => fd ?? []));
}
