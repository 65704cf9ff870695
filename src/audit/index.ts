// The table of contents of the room: what the rooms above use of it.
export { AuditBook, type AuditCode, type AuditFinding } from './findings.ts';
export { ProcessAudit } from './outside.ts';
export { auditRegistry, type RegistryEntry, type RegistryView } from './registry.ts';
export type { AuditedDescriptor, AuditReport, RegistryFacts } from './report.ts';
export type { SocketFacts } from './texts.ts';
