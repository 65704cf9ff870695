// An example as it is, command line and all, as a function that starts it: its modules are made anew at each
// start, as a process would make them, and it runs on the edgewise of src/, which can be simulated.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import ts from 'typescript';
import * as edgewise from '../../../src/index.ts';
import * as net from '../../../src/node-net/index.ts';
import * as proactor from '../../../src/proactor/index.ts';
import * as promises from '../../../src/promises/index.ts';
import * as stream from '../../../src/stream/index.ts';
import * as sys from '../../../src/sys/index.ts';
import * as fastCheck from '../../../src/testing/fast-check.ts';
import * as testing from '../../../src/testing/index.ts';

const EXAMPLES = new URL('../../../examples/', import.meta.url);
const require = createRequire(import.meta.url);
const PACKAGE: Readonly<Record<string, unknown>> = {
  edgewise,
  'edgewise/net': net,
  'edgewise/proactor': proactor,
  'edgewise/promises': promises,
  'edgewise/stream': stream,
  'edgewise/sys': sys,
  'edgewise/testing': testing,
  'edgewise/testing/fast-check': fastCheck,
};
const sources = new Map<string, string>();

/** A program that was started. */
export interface Program {
  /** What it has printed, line by line. */
  readonly lines: readonly string[];
  /** Resolves when its last line has run, and rejects with what it throws. */
  readonly ended: Promise<void>;
}

/** Starts an example, such as `'echo/net'`. */
export function start(name: string, ...args: readonly string[]): Program {
  const lines: string[] = [];
  const globals = {
    process: processOf(['node', name, ...args]),
    console: { log: (line: unknown) => lines.push(String(line)) },
  };
  const ended = runModule(new URL(`${name}.ts`, EXAMPLES), globals, {});
  ended.catch(() => undefined); // its error is for the caller that awaits it
  return { lines, ended };
}

// Node's own, but for its arguments, its end, which closes descriptors, and what is called when this process ends.
function processOf(argv: readonly string[]): unknown {
  const listenBy = (method: 'on' | 'once') => (name: string, listener: () => void) => {
    if (name !== 'exit' && name !== 'uncaughtException') process[method](name, listener);
    return proxy;
  };
  const own: Readonly<Record<PropertyKey, unknown>> = {
    argv,
    exit: () => edgewise.defaultReactor().close(),
    on: listenBy('on'),
    once: listenBy('once'),
  };
  const proxy = new Proxy(process, { get: (target, key) => own[key] ?? Reflect.get(target, key) });
  return proxy;
}

/** The tests of a file for node:test, such as `'testing/half-a-line.test'`, by their titles. */
export async function testsOf(name: string): Promise<ReadonlyMap<string, () => Promise<void>>> {
  const tests = new Map<string, () => Promise<void>>();
  const modules = { 'node:test': { test: tests.set.bind(tests) } };
  await runModule(new URL(`${name}.ts`, EXAMPLES), { process, console, modules }, {});
  return tests;
}

interface Globals {
  readonly process: unknown;
  readonly console: unknown;
  /** In place of those of the package and of Node. */
  readonly modules?: Readonly<Record<string, unknown>>;
}
type Body = (...values: readonly unknown[]) => Promise<void>;
const AsyncFunction = (async () => undefined).constructor as new (...text: string[]) => Body;

function runModule(url: URL, globals: Globals, exports: object): Promise<void> {
  const load = (specifier: string): unknown => {
    const known = globals.modules?.[specifier] ?? PACKAGE[specifier];
    if (known !== undefined) return known;
    if (!specifier.startsWith('.')) return require(specifier);
    const imported = {};
    void runModule(new URL(specifier, url), globals, imported); // one that awaits nothing
    return imported;
  };
  const body = new AsyncFunction('require', 'exports', 'process', 'console', sourceOf(url));
  return body(load, exports, globals.process, globals.console);
}

function sourceOf(url: URL): string {
  const known = sources.get(url.href);
  if (known !== undefined) return known;
  const { outputText } = ts.transpileModule(readFileSync(url, 'utf8'), {
    compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022 },
  });
  sources.set(url.href, outputText);
  return outputText;
}
