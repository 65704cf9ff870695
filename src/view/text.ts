// A trace as text: a heading for each reactor, a line for each event, and what is worth a look.
import { countOf } from '../plural.ts';
import type { Counts, StreamCounts, TraceData } from '../trace/data.ts';
import type { StreamModel, TraceFinding, TraceModel } from './model.ts';
import { sentenceAt } from './sentences.ts';

const NS_PER_MS = 1e6;

/**
 * The lines of a trace for a terminal.
 *
 * @param fd - only what is of this descriptor; undefined: all.
 */
export function textOf(model: TraceModel, fd?: number): string[] {
  const lines = model.streams.flatMap((stream, index) => [
    headingOf(model.trace, stream, index),
    ...eventLines(model, stream, fd),
    ...countLines(stream.stream.counts, fd),
    ...stream.findings.filter((one) => fd === undefined || one.fd === fd).flatMap(findingLines),
  ]);
  return lines.map(printable);
}

function headingOf({ node, system, pid }: TraceData, model: StreamModel, index: number): string {
  const { backend, level, thread, dropped } = model.stream;
  const where = thread === 0 ? '' : `, thread ${thread}`;
  return (
    `Reactor ${index + 1} of process ${pid}${where}: ${backend}, ${level}, ${countOf(model.count, 'event')}, ` +
    `${dropped} dropped; Node ${node}, ${system}`
  );
}

function eventLines(model: TraceModel, stream: StreamModel, fd: number | undefined): string[] {
  const { count, eventAt } = stream;
  const startNs = count === 0 ? 0 : stream.timeAt(0);
  return Array.from({ length: count }, (_, at) => at)
    .filter((at) => fd === undefined || eventAt(at).fd === fd)
    .map((at) => `${placeOf(stream, at, startNs)}  ${sentenceAt(model, stream, at)}`);
}

// What is recorded in place of events at the level `counts`.
function countLines(counts: StreamCounts | undefined, fd: number | undefined): string[] {
  if (counts === undefined) return [];
  const own = counts.registrations.filter((one) => fd === undefined || one.fd === fd);
  const lines = own.map(
    (one) => `${one.fd} [${one.slot}.${one.generation}]`.padEnd(16) + countText(one),
  );
  if (fd !== undefined) return lines;
  return [
    ...lines,
    `${'the reactor'.padEnd(16)}${countText(counts.reactor)}`,
    `${'before those'.padEnd(16)}${countText(counts.earlier)}`,
  ];
}

function countText({ bytes, events }: Counts): string {
  const parts = Object.entries(events).filter(([, count]) => count > 0);
  return [`bytes ${bytes}`, ...parts.map(([kind, count]) => `${kind} ${count}`)].join(', ');
}

function placeOf({ eventAt }: StreamModel, at: number, startNs: number): string {
  const { timeNs, fd, slot, generation } = eventAt(at);
  const time = ((timeNs - startNs) / NS_PER_MS).toFixed(3).padStart(12);
  const of = fd < 0 ? '' : `${fd} [${slot}.${generation}]`;
  return `${time}  ${of.padEnd(14)}`;
}

function findingLines({ code, lane, what, fix }: TraceFinding): string[] {
  return [`${code} [${lane}]  ${what}`, `  ${fix}`];
}

// A text of a program may have what a terminal obeys.
function printable(line: string): string {
  return line.replaceAll(/\p{Cc}/gu, '?');
}
