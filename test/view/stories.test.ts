// The recorded mistakes of examples/seeing, as a reader runs them: each shows exactly what it is about,
// and its right twin shows nothing.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeTrace } from '../../src/trace/index.ts';
import { modelOf } from '../../src/view/index.ts';
import type { FindingCode, StreamModel } from '../../src/view/model.ts';

const LAUNCHER = fileURLToPath(new URL('../../scripts/example.mjs', import.meta.url));
const FOLDER = new URL('../../examples/seeing/', import.meta.url);
const isLinux = process.platform === 'linux';
const LINES_MAX = 60;
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'stories-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Run {
  readonly stream: StreamModel;
  readonly lines: readonly string[];
}

function run(name: string, ...args: string[]): Run {
  const path = join(folder, `${name}${args.join('')}`);
  const output = execFileSync(process.execPath, [LAUNCHER, `seeing/${name}`, ...args], {
    encoding: 'utf8',
    env: { ...process.env, EDGEWISE_TRACE: `${path},calls` },
  });
  const [stream] = modelOf(decodeTrace(readFileSync(path))).streams;
  return { stream: stream as StreamModel, lines: output.trimEnd().split('\n') };
}

// How long a handler takes is a matter of the machine, on which other tests run.
function findingsIn({ stream }: Run): string[] {
  const found = stream.findings.filter(({ code }) => code !== 'SLOW_HANDLER');
  return found.map(({ code, fd }) => `${code} ${fd}`);
}

/** The descriptors of registrations, in the order in which they were made. */
const fdsOf = ({ stream }: Run) => stream.lanes.slice(1).map(({ fd }) => fd);

interface Mistake {
  readonly name: string;
  readonly code: FindingCode;
  /** Which registration it is about. */
  readonly which: number;
  readonly says: RegExp;
  readonly twinSays: RegExp;
  readonly isHere?: boolean;
}

const MISTAKES: readonly Mistake[] = [
  {
    name: 'lost-edge',
    code: 'UNDRAINED',
    which: 0,
    says: /^no answer: 4096 of 10000/,
    twinSays: /^answered: 10000 of/,
  },
  {
    name: 'spin',
    code: 'SPINNING',
    which: 0,
    says: /called \d{2,} times/,
    twinSays: /called 1 times/,
  },
  {
    name: 'starved',
    code: 'STARVED',
    which: 1,
    says: /waited for 4096 reads/,
    twinSays: /waited for 64 reads/,
  },
  { name: 'recycled', code: 'STALE', which: 1, says: /dropped: 1$/, twinSays: /dropped: 0$/ },
  {
    name: 'ghost',
    code: 'GHOST',
    which: 0,
    says: /removed: 1$/,
    twinSays: /removed: 0$/,
    isHere: isLinux, // kqueue forgets a number that is closed
  },
];

describe.each(MISTAKES)('$name', ({ name, code, which, says, twinSays, isHere = true }) => {
  if (!isHere) process.stdout.write(`skipped: ${name} is a mistake that epoll alone lets happen\n`);

  it.runIf(isHere)('shows one finding, on the right descriptor', () => {
    const mistaken = run(name);
    expect(mistaken.lines.at(-1)).toMatch(says);
    expect(findingsIn(mistaken)).toEqual([`${code} ${fdsOf(mistaken)[which]}`]);
    const hatches = mistaken.stream.lanes.flatMap((lane) => lane.hatches);
    expect(hatches).toHaveLength(code === 'UNDRAINED' ? 1 : 0);
  });

  it.runIf(isHere)('and its right twin none', () => {
    const right = run(name, '--fixed');
    expect(right.lines.at(-1)).toMatch(twinSays);
    expect(findingsIn(right)).toEqual([]);
  });
});

const FILES = readdirSync(FOLDER).filter((file) => file.endsWith('.ts') && file !== 'pair.ts');
it.each(FILES)('%s is short, and in the README', (file) => {
  const text = readFileSync(new URL(file, FOLDER), 'utf8');
  expect(text.trimEnd().split('\n').length).toBeLessThanOrEqual(LINES_MAX);
  const readme = readFileSync(new URL('../README.md', FOLDER), 'utf8');
  expect(readme).toContain(`[\`seeing/${file}\`](seeing/${file})`);
  expect(MISTAKES.map(({ name }) => `${name}.ts`)).toContain(file);
});
