// The audit of our own reactor: its registrations against the entries of its set. The reactor hands its
// view in (src/reactor/audit.ts), so this room is below it.
import { countOf } from '../plural.ts';
import * as sys from '../sys/index.ts';
import {
  blocking,
  disarmed,
  duplicates,
  ghostOf,
  has,
  idleWriter,
  isDisarmed,
  isStream,
  maskNames,
  sockets,
  undrained,
  unread,
  watchedBy,
} from './entries.ts';
import type { AuditBook, Candidate } from './findings.ts';
import { type AuditReport, type RegistryFacts, reportOf } from './report.ts';
import { type EpollSet, type Sample, takeSample } from './sample.ts';
import type { SetEntry } from './texts.ts';

const { EPOLLIN, EPOLLOUT, EPOLLET, EPOLLONESHOT } = sys.constants;
// Readiness bits of the poller, which is no room of this floor.
const READABLE = 1;
const WRITABLE = 2;
const FAILED = 16 | 32;

/** A registration. */
export interface RegistryEntry extends RegistryFacts {
  readonly fd: number;
  /** The bits that its entry must have. */
  readonly mask: number;
}

/** What the reactor shows of itself. */
export interface RegistryView {
  /** The descriptor of its set. */
  readonly set: number;
  readonly entries: readonly RegistryEntry[];
  /** Whether no handler runs that may be about to change what is seen. */
  readonly isBetweenTurns: boolean;
  /** Whether the kernel has nothing to report. */
  readonly isQuiet: boolean;
  /** Whether a turn has run since the audit before. */
  readonly hasTurned: boolean;
  /** Slot and generation in the data of an entry; undefined: one of the reactor's own. */
  placeOf(
    data: readonly [number, number],
  ): { readonly slot: number; readonly generation: number } | undefined;
  /** What libuv has open. */
  libuvDescriptors(): ReadonlySet<number>;
}

/** Audits the set of a reactor of this process. @throws as `takeSample` */
export function auditRegistry(view: RegistryView, book: AuditBook): AuditReport {
  const sample = takeSample(process.pid);
  const whole = sample.sets.find(({ fd }) => fd === view.set) ?? { fd: view.set, entries: [] };
  const entries = whole.entries.filter(({ data }) => view.placeOf(data) !== undefined);
  const set = { fd: view.set, entries };
  const findings = book.judge(candidatesOf(sample, set, view), sample.at, view.hasTurned);
  const registry = new Map(view.entries.map((entry) => [entry.fd, entry]));
  return reportOf(sample, [set], findings, (fd) => factsOf(registry.get(fd)));
}

function factsOf(entry: RegistryEntry | undefined): RegistryFacts | undefined {
  if (entry === undefined) return undefined;
  const { fd: _, mask: __, ...facts } = entry;
  return facts;
}

// What one look sees.
function candidatesOf(sample: Sample, set: EpollSet, view: RegistryView): Candidate[] {
  const registrations = new Map(view.entries.map((entry) => [keyOf(entry), entry]));
  const found: Candidate[] = [];
  const matched = new Set<RegistryEntry>();
  for (const entry of set.entries) {
    const place = view.placeOf(entry.data);
    const registration = place && registrations.get(keyOf({ fd: entry.fd, ...place }));
    if (registration !== undefined) matched.add(registration);
    const descriptor = watchedBy(entry, sample);
    if (descriptor === undefined) found.push(ghostOf(entry, sample));
    else if (registration === undefined) found.push(foreign(entry));
    else found.push(...ofRegistration(entry, sample, registration, view));
  }
  const missing = view.entries.filter((entry) => !matched.has(entry)).map(missingEntry);
  const registered = new Set(view.entries.map(({ fd }) => fd));
  let libuv: ReadonlySet<number> | undefined;
  const isWatched = (fd: number) => {
    if (registered.has(fd)) return true;
    libuv ??= view.libuvDescriptors(); // a report of Node: only when it is asked for
    return libuv.has(fd);
  };
  return [...found, ...missing, ...duplicates(set, sample), ...sockets(sample, isWatched)];
}

function keyOf({ fd, slot, generation }: Pick<RegistryEntry, 'fd' | 'slot' | 'generation'>) {
  return `${fd} ${slot} ${generation}`;
}

function foreign(entry: SetEntry): Candidate {
  const what = 'is in the set, and is no registration of the reactor';
  return { code: 'FOREIGN', fd: entry.fd, identity: `${entry.inode}`, what, isCertain: true };
}

function missingEntry(entry: RegistryEntry): Candidate {
  const what = 'is registered, and not in the set: its descriptor was closed, or taken out';
  return { code: 'MISSING', fd: entry.fd, identity: keyOf(entry), what, isCertain: true };
}

function ofRegistration(
  entry: SetEntry,
  sample: Sample,
  registration: RegistryEntry,
  view: RegistryView,
): Candidate[] {
  const descriptor = watchedBy(entry, sample);
  if (descriptor === undefined) return [];
  const { fd, interest, isQueued, readiness } = registration;
  const found = [...blocking(entry, descriptor), ...unread(entry, descriptor)];
  // What is paused, or a oneshot, has no more than that after it has fired.
  const hasFired = isDisarmed(entry);
  if (!hasFired && entry.events !== registration.mask) {
    const what = `has ${maskNames(entry.events)} in the set, not ${maskNames(registration.mask)}`;
    found.push({ code: 'MASK', fd, identity: keyOf(registration), what, isCertain: true });
  }
  if (isQueued) return found; // its handler is about to be called
  if (hasFired && interest !== 0 && view.isBetweenTurns) found.push(disarmed(entry));
  const isEdge = has(entry, EPOLLET) && has(entry, EPOLLIN);
  if (isEdge && isStream(descriptor) && (readiness & READABLE) !== 0) {
    found.push(undrained(entry, descriptor, view.isQuiet && view.isBetweenTurns));
  }
  return [...found, ...ofWriter(entry, registration, view)];
}

function ofWriter(entry: SetEntry, registration: RegistryEntry, view: RegistryView): Candidate[] {
  const { fd, queuedBytes, readiness } = registration;
  const isArmed = has(entry, EPOLLOUT);
  const isCertain = view.isBetweenTurns && queuedBytes !== undefined;
  if (!isArmed && queuedBytes !== undefined && queuedBytes > 0) {
    const what = `has ${countOf(queuedBytes, 'byte')} to write, and does not wait for room`;
    return [{ code: 'UNARMED_WRITER', fd, identity: keyOf(registration), what, isCertain }];
  }
  const isLevel = !has(entry, EPOLLET) && !has(entry, EPOLLONESHOT);
  const hasRoom = (readiness & WRITABLE) !== 0 && (readiness & FAILED) === 0;
  if (!isArmed || !isLevel || !hasRoom || (queuedBytes ?? 0) > 0) return [];
  return [idleWriter(entry, isCertain)];
}
