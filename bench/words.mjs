// The command line of the suite: read by start.mjs before anything is installed or built, and by src/main.ts
// once it is. The names of scenarios and contenders are those of list.txt, which a test holds to the tables.
import { readFileSync, statSync } from 'node:fs';
import { unknown } from '../scripts/nearest.mjs';
import { listOf, readWords, WordsError, whole } from '../scripts/words.mjs';

export { WordsError };

const CONNECTIONS_MAX = 100_000;
const SIZE_MAX = 16_777_216;
const ROUNDS_MAX = 1000;
const SECONDS_MIN = 0.05;
const SECONDS_MAX = 600;
const COLUMNS = 80;
/** Where the text of an option begins. */
const LEFT = 26;

const seconds = {
  parse: (text) => {
    const value = Number(text);
    return /^[\d.]+$/.test(text) && value >= SECONDS_MIN && value <= SECONDS_MAX
      ? value
      : undefined;
  },
  takes: `seconds from ${SECONDS_MIN} to ${SECONDS_MAX}`,
};

const OUTPUTS = {
  html: { value: 'FILE', help: 'where the report goes' },
  markdown: { value: 'FILE', help: 'the report as Markdown, too' },
  svg: { value: 'FOLDER', help: 'each plot as a file, too' },
};

/** By command; '' is a run. */
const OPTIONS = {
  '': {
    quick: { help: 'fewer cases and contenders, shorter rounds: QUICK' },
    connections: {
      value: 'N,N',
      help: "in place of the scenarios' own",
      ...listOf(whole(1, CONNECTIONS_MAX)),
    },
    size: { value: 'N,N', help: 'bytes per message', ...listOf(whole(1, SIZE_MAX)) },
    contenders: { value: 'NAME,NAME', help: 'which take part', ...listOfNames() },
    baseline: {
      value: 'FOLDER',
      help: 'another checkout: each contender of ours also as NAME@baseline',
    },
    against: {
      value: 'FILE',
      help: 'results of an earlier run: what has changed since, beyond the noise',
    },
    rounds: { value: 'N', help: 'alternating rounds', ...whole(1, ROUNDS_MAX) },
    seconds: { value: 'S', help: 'length of a round', ...seconds },
    json: { value: 'FILE', help: 'where the results go' },
    ...OUTPUTS,
    list: { help: 'lists scenarios and contenders' },
  },
  compare: {},
  report: {
    against: { value: 'FILE', help: 'results of an earlier run' },
    ...OUTPUTS,
  },
};

function listOfNames() {
  return { parse: (text) => text.split(',') };
}

/**
 * How long the suite takes on two CPUs, as src/plan.ts adds it up with every contender; a test holds these to
 * that. What is compiled for the first time comes on top.
 */
export const MINUTES = { full: 25, quick: 3 };

/** The text of `--help`, in 80 columns. */
export function usage() {
  const rows = [
    ...Object.entries(OPTIONS['']).map(([name, { value = '', help }]) => [
      `--${name} ${value}`.trim(),
      help.replace('QUICK', `about ${MINUTES.quick} minutes for all`),
    ]),
    ['-h, --help', 'this text'],
  ];
  const commands = [
    [
      'compare BEFORE [AFTER]',
      'which differences of two runs, or of one with --baseline, exceed the noise',
    ],
    [
      'report RESULTS',
      'the report of a run, made again; takes --html, --markdown, --svg, --against',
    ],
  ];
  return `usage: npm run bench -- [options] [scenario...]
       npm run bench -- compare BEFORE [AFTER]
       npm run bench -- report [options] RESULTS

Compares edgewise with libuv and with the field; bench/README.md has the method.
Scenarios are names, with spaces or commas between them; none: all, in about
${MINUTES.full} minutes. A run says how long it will take before it begins.

Options:
${columns(rows)}

Commands:
${columns(commands)}
`;
}

function columns(rows) {
  return rows.map(([left, text]) => broken(`  ${left}`.padEnd(LEFT), text)).join('\n');
}

function broken(first, text) {
  const lines = [first];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    const gap = last === first ? '' : ' ';
    if (last.length + gap.length + word.length <= COLUMNS) lines[lines.length - 1] += gap + word;
    else lines.push(' '.repeat(LEFT) + word);
  }
  return lines.join('\n').replace(/(\n {26}) /g, '$1');
}

/** Scenarios and contenders, by the text of list.txt. */
function namesIn(text) {
  const [scenarios = '', , contenders = ''] = text.split('\n\n');
  const first = (lines) => lines.match(/^[a-z][\w-]*/gm) ?? [];
  const own = [...scenarios.matchAll(/^ +- (\S+)$/gm)].map(([, name]) => name);
  return { scenarios: first(scenarios), contenders: [...new Set([...own, ...first(contenders)])] };
}

/**
 * What a command line asks for.
 *
 * @param {readonly string[]} argv
 * @returns {{ command: 'run' | 'compare' | 'report' | 'help' | 'list', words: string[], values: object }}
 * @throws WordsError - one line on what is wrong with it.
 */
export function readBench(argv) {
  const command = ['compare', 'report'].find((name) => name === argv[0]) ?? '';
  const own = command === '' ? argv : argv.slice(1);
  const { words: files, values, isHelp } = readWords(own, OPTIONS[command]);
  if (isHelp || files[0] === 'help') return { command: 'help', words: [], values };
  if (values.list) return { command: 'list', words: [], values };
  checkFiles(values);
  if (command === '') return { command: 'run', words: scenariosOf(files, values), values };
  if (files.length === 0) {
    throw new WordsError(`${command} needs the results of a run: ${command} FILE`);
  }
  const most = command === 'compare' ? 2 : 1;
  if (files.length > most) throw new WordsError(`'${files[most]}' is one word too many`);
  for (const file of files) checkReadable(file, file);
  return { command, words: files, values };
}

function scenariosOf(words, { contenders = [] }) {
  const known = namesIn(readFileSync(new URL('list.txt', import.meta.url), 'utf8'));
  const names = words.flatMap((word) => word.split(','));
  for (const name of names) {
    if (known.scenarios.includes(name)) continue;
    throw new WordsError(unknown('scenario', name, known.scenarios));
  }
  for (const name of contenders) {
    if (known.contenders.includes(name)) continue;
    throw new WordsError(unknown('contender', name, known.contenders));
  }
  return names;
}

// What can be known of files before a build; src/outputs.ts looks whether they can be written.
function checkFiles({ baseline, against, json, html, markdown, svg }) {
  if (baseline !== undefined && !isFolder(baseline)) {
    throw new WordsError(`--baseline ${baseline} is no folder`);
  }
  if (against !== undefined) checkReadable(against, `--against ${against}`);
  for (const [flag, path] of Object.entries({ json, html, markdown })) {
    if (path !== undefined && isFolder(path)) {
      throw new WordsError(`--${flag} ${path} cannot be written: it is a folder`);
    }
  }
  if (svg !== undefined && found(svg)?.isFile()) {
    throw new WordsError(`--svg ${svg} cannot be written: it is a file`);
  }
}

function checkReadable(path, label) {
  const stats = found(path);
  if (stats === undefined) throw new WordsError(`${label} is not there`);
  if (stats.isDirectory()) throw new WordsError(`${label} is a folder`);
}

function found(path) {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined; // a part of the path is a file
  }
}

function isFolder(path) {
  return found(path)?.isDirectory() === true;
}
