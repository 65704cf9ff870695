// The audit of any process that has an epoll set, from outside: what two looks see. One look cannot
// know whether a report is on its way; what both have seen, while a thread slept in the set, lasts.
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
  sockets,
  undrained,
  unread,
  unreadBytes,
  watchedBy,
} from './entries.ts';
import { AuditBook, type Candidate } from './findings.ts';
import { type AuditReport, reportOf } from './report.ts';
import { type EpollSet, type Sample, takeSample } from './sample.ts';
import type { SetEntry } from './texts.ts';

const { EPOLLIN, EPOLLOUT, EPOLLET, EPOLLONESHOT } = sys.constants;

const TICKS_PER_MS = 0.1;

/** Looks at a process again and again: each `look` after the first is an audit. */
export class ProcessAudit {
  readonly #pid: number;
  readonly #book = new AuditBook();
  #before: Sample;

  /** The first look. @throws as `takeSample` */
  constructor(pid: number) {
    this.#pid = pid;
    this.#before = takeSample(pid);
    this.#book.judge(candidatesOf(this.#before, true), this.#before.at, false, true);
  }

  /** What has lasted since the look before. @throws as `takeSample` */
  look(): AuditReport {
    const sample = takeSample(this.#pid);
    const cpuTicks = sample.cpuTicks - this.#before.cpuTicks;
    const cpu = cpuTicks / ((sample.at - this.#before.at) * TICKS_PER_MS);
    const isBusy = cpu > 1 / 2;
    this.#before = sample;
    const findings = this.#book.judge(candidatesOf(sample, isBusy), sample.at, true, true);
    return reportOf(sample, sample.sets, findings, () => undefined, cpu);
  }
}

/**
 * What one look sees.
 *
 * @param isBusy - whether the process has used much of a CPU, or may have.
 */
export function candidatesOf(sample: Sample, isBusy: boolean): Candidate[] {
  const ofSets = sample.sets.flatMap((set) => [
    ...set.entries.flatMap((entry) => ofEntry(set, entry, sample, isBusy)),
    ...duplicates(set, sample),
  ]);
  return [...ofSets, ...sockets(sample, () => false)];
}

function ofEntry(set: EpollSet, entry: SetEntry, sample: Sample, isBusy: boolean): Candidate[] {
  const descriptor = watchedBy(entry, sample);
  if (descriptor === undefined) return [ghostOf(entry, sample)];
  const found = [...blocking(entry, descriptor), ...unread(entry, descriptor)];
  if (isDisarmed(entry)) found.push(disarmed(entry));
  if (!isStream(descriptor)) return found;
  const isEdge = has(entry, EPOLLET);
  // What is on its way to a thread that does something else is not lost.
  const isQuiet = sample.waited?.has(set.fd) ?? true;
  if (isEdge && has(entry, EPOLLIN) && isQuiet && unreadBytes(descriptor) > 0) {
    found.push(undrained(entry, descriptor, false));
  }
  const isLevelWriter = has(entry, EPOLLOUT) && !isEdge && !has(entry, EPOLLONESHOT);
  const isConnected = descriptor.socket?.state === 'established';
  if (isLevelWriter && isBusy && isConnected && descriptor.socket?.sendQueue === 0) {
    found.push(idleWriter(entry, false));
  }
  return found;
}
