// Reactors that are audited, and what their audits find.
import { type AuditCode, Reactor } from '../../src/index.ts';
import type { Descriptors } from '../helpers/descriptors.ts';

/** Makes reactors that are closed at the end of the test. */
export function reactorsOf(descriptors: Descriptors): () => Reactor {
  return () => descriptors.using(new Reactor());
}

/** `CODE fd`; without the peers, which nothing watches. */
export function found(reactor: Reactor): string[] {
  const findings = reactor.audit().findings.filter(({ code }) => code !== 'UNWATCHED');
  return findings.map(({ code, fd }) => `${code} ${fd}`);
}

/** The descriptors that have a finding of this code. */
export function foundOf(code: AuditCode, reactor: Reactor): number[] {
  const { findings } = reactor.audit();
  return findings.filter((finding) => finding.code === code).map(({ fd }) => fd);
}
