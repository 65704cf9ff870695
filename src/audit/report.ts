// The shape of an audit: what each entry of a set is, and what is wrong.
import { maskNames, watchedBy } from './entries.ts';
import type { AuditCode, AuditFinding } from './findings.ts';
import type { EpollSet, Sample } from './sample.ts';
import type { SocketFacts } from './texts.ts';

/** What the reactor knows of a registration. */
export interface RegistryFacts {
  /** Its place in the table of the reactor. */
  readonly slot: number;
  /** How often the slot had been used before. */
  readonly generation: number;
  /** `Interest` bits. */
  readonly interest: number;
  /** How its events repeat. */
  readonly trigger: string;
  /** Whether it is called in the next turn without an event. */
  readonly isQueued: boolean;
  /** `Readiness` bits now, whether they were reported or not. */
  readonly readiness: number;
  /** Bytes that wait to be written; undefined: its handler does not say. */
  readonly queuedBytes: number | undefined;
}

/** An entry of an epoll set. */
export interface AuditedDescriptor {
  /** Its number. */
  readonly fd: number;
  /** The descriptor of the set. */
  readonly set: number;
  /** `socket`, `pipe`, `[eventfd]`, a path; `closed`, or what the number is now, of a ghost. */
  readonly kind: string;
  /** What the kernel has. */
  readonly kernel: {
    /** EPOLL bits: what is watched for. */
    readonly mask: number;
    /** The same in words, such as `IN|ET`. */
    readonly names: string;
    /** Of the open file. */
    readonly inode: number;
  };
  /** What the reactor has; undefined: it does not know the entry, or another process was audited. */
  readonly registry: RegistryFacts | undefined;
  /** undefined: no socket, or one that /proc does not list. */
  readonly socket: SocketFacts | undefined;
  /** Codes of what is wrong with it. */
  readonly findings: readonly AuditCode[];
}

/** What an audit saw. */
export interface AuditReport {
  /** Milliseconds since 1970. */
  readonly at: number;
  /** The process. */
  readonly pid: number;
  /** How much of a CPU it has used since the look before, 1: all of one; undefined: it was not measured. */
  readonly cpu: number | undefined;
  /** The entries of the sets that were audited, by descriptor; without the reactor's own. */
  readonly descriptors: readonly AuditedDescriptor[];
  /** What is wrong, by descriptor; empty: nothing. */
  readonly findings: readonly AuditFinding[];
  /** How much was looked at. */
  readonly totals: {
    /** Epoll sets. */
    readonly sets: number;
    /** Entries in them. */
    readonly entries: number;
    /** Open descriptors. */
    readonly open: number;
    /** Findings. */
    readonly findings: number;
  };
}

/** Puts a report together. */
export function reportOf(
  sample: Sample,
  sets: readonly EpollSet[],
  findings: readonly AuditFinding[],
  registryOf: (fd: number) => RegistryFacts | undefined = () => undefined,
  cpu: number | undefined = undefined,
): AuditReport {
  const codes = new Map<number, AuditCode[]>();
  for (const { fd, code } of findings) codes.set(fd, [...(codes.get(fd) ?? []), code]);
  const descriptors = sets.flatMap((set) =>
    set.entries.map((entry): AuditedDescriptor => {
      const { fd, events: mask, inode } = entry;
      const descriptor = watchedBy(entry, sample);
      return {
        fd,
        set: set.fd,
        kind: kindOf(sample.descriptors.get(fd)?.link),
        kernel: { mask, names: maskNames(mask), inode },
        registry: registryOf(fd),
        socket: descriptor?.socket,
        findings: codes.get(fd) ?? [],
      };
    }),
  );
  const totals = {
    sets: sets.length,
    entries: descriptors.length,
    open: sample.descriptors.size,
    findings: findings.length,
  };
  descriptors.sort((a, b) => a.set - b.set || a.fd - b.fd);
  return { at: sample.at, pid: sample.pid, cpu, descriptors, findings, totals };
}

function kindOf(link: string | undefined): string {
  if (link === undefined) return 'closed';
  return link.replace(/^(socket|pipe):.*$/, '$1').replace(/^anon_inode:/, '');
}
