// `edgewise view FILE`: a trace as text, one line for each event.
import { readFileSync } from 'node:fs';
import type { TraceData, TraceEvent, TraceStream } from '../trace/index.ts';
import { type Options, UsageError } from './arguments.ts';
import type { Command } from './command.ts';

const NS_PER_MS = 1e6;

export const view: Command = {
  name: 'view',
  summary: 'a trace as text: what happened in a reactor, event by event',
  description:
    'Prints a file that reactor.trace().write(FILE) or EDGEWISE_TRACE=FILE has made. Each line has the\n' +
    'time in milliseconds since the first event, the descriptor with the slot and the generation of its\n' +
    'registration, and what happened. A number that is used again has another slot or generation.',
  operand: { name: 'FILE' },
  options: { fd: { value: 'N', help: 'the events of this descriptor only' } },
  async run(options) {
    const fd = options.has('fd') ? options.integer('fd', 0, 0x7fff_ffff) : undefined;
    const trace = await read(options);
    const { sentenceOf } = await import('../view/index.ts');
    const { eventsOf } = await import('../trace/index.ts');
    const lines: string[] = [];
    trace.streams.forEach((stream, index) => {
      lines.push(headingOf(trace, stream, index));
      let startNs: number | undefined;
      for (const event of eventsOf(stream)) {
        startNs ??= event.timeNs;
        if (fd !== undefined && event.fd !== fd) continue;
        lines.push(lineOf(event, startNs, sentenceOf(event, trace, stream)));
      }
    });
    process.stdout.write(`${lines.join('\n')}\n`);
    return 0;
  },
};

async function read(options: Options): Promise<TraceData> {
  const path = options.text('FILE');
  const { decodeTrace } = await import('../trace/index.ts');
  try {
    return decodeTrace(readFileSync(path));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ERR_TRACE_INVALID') throw new UsageError(`${path}: ${message}`);
    throw new UsageError(`${path} cannot be read: ${code ?? message}`);
  }
}

function headingOf({ node, system, pid }: TraceData, stream: TraceStream, index: number): string {
  const { backend, level, thread, dropped, blocks } = stream;
  const count = blocks.reduce((sum, { length }) => sum + length, 0);
  const where = thread === 0 ? '' : `, thread ${thread}`;
  return (
    `Reactor ${index + 1} of process ${pid}${where}: ${backend}, ${level}, ${count} events, ` +
    `${dropped} dropped; Node ${node}, ${system}`
  );
}

function lineOf(
  { timeNs, fd, slot, generation }: TraceEvent,
  startNs: number,
  text: string,
): string {
  const time = ((timeNs - startNs) / NS_PER_MS).toFixed(3).padStart(12);
  const of = fd < 0 ? '' : `${fd} [${slot}.${generation}]`;
  return `${time}  ${of.padEnd(14)}  ${text}`;
}
