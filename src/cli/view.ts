// `edgewise view FILE`: a trace as text, one line for each event; as a page; or for other viewers.
import type { TraceData } from '../trace/index.ts';
import type { Options } from './arguments.ts';
import type { Command } from './command.ts';
import { readBytes, traceIn, writeOutput } from './trace-file.ts';

const OUTPUTS = ['output', 'perfetto', 'chrome'] as const;

export const view: Command = {
  name: 'view',
  summary: 'show a trace: what happened in a reactor, event by event',
  description:
    'Shows a file that edgewise trace, EDGEWISE_TRACE=FILE or reactor.trace().write(FILE) has made. Each line ' +
    'of the text has the time in milliseconds since the first event, the descriptor with the slot and the ' +
    'generation of its registration, and what happened. A number that is used again has another slot or ' +
    'generation. Exports are for ui.perfetto.dev and chrome://tracing.',
  operands: [{ name: 'FILE' }],
  options: {
    text: { help: 'as text, which is what is done without other options' },
    fd: { value: 'N', help: 'the text, with the events of this descriptor only' },
    output: { short: 'o', value: 'PAGE', help: 'a page of HTML that needs no network' },
    perfetto: { value: 'FILE', help: 'the format of Perfetto' },
    chrome: { value: 'FILE', help: 'the Trace Event Format, JSON' },
  },
  async run(options) {
    const fd = options.has('fd') ? options.integer('fd', 0, 0x7fff_ffff) : undefined;
    const path = options.text('FILE');
    const bytes = readBytes(path);
    const trace = await traceIn(bytes, path);
    const hasOutput = OUTPUTS.some((name) => options.has(name));
    if (hasOutput) await writeOutputs(options, bytes, trace);
    if (!hasOutput || fd !== undefined || options.has('text')) {
      const { modelOf, textOf } = await import('../view/index.ts');
      process.stdout.write(`${textOf(modelOf(trace), fd).join('\n')}\n`);
    }
    return 0;
  },
};

async function writeOutputs(options: Options, bytes: Uint8Array, trace: TraceData): Promise<void> {
  const { chromeOf, modelOf, pageOf, perfettoOf } = await import('../view/index.ts');
  const contentOf = {
    output: () => pageOf(bytes, options.text('FILE')),
    perfetto: () => perfettoOf(modelOf(trace)),
    chrome: () => chromeOf(modelOf(trace)),
  };
  for (const name of OUTPUTS) {
    if (options.has(name)) writeOutput(options.text(name), contentOf[name]());
  }
}
