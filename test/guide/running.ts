// A program of the guide as a process, made of its files, and the clients that talk to it. What comes is read
// line by line, each once and in order.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { type Files, textOf } from './page.ts';

const BUILD = fileURLToPath(new URL('../../build/', import.meta.url));
const CERTIFICATE = /^openssl req .*$/m.exec(textOf('docs/guide/06-tls.md'))?.[0] ?? '';
/** How long a turn takes is as the machine has time for it. */
export const SLOW_TURN = /: a turn took \d+ ms$/;

const compilerOptions = {
  target: ts.ScriptTarget.ES2023,
  module: ts.ModuleKind.ESNext,
  rewriteRelativeImportExtensions: true,
};

/** Lines of several streams, in the order in which they came. */
export class Lines {
  readonly unread: string[] = [];
  readonly #open: Set<Readable>;
  #look: () => void = () => undefined;

  constructor(...streams: Readable[]) {
    this.#open = new Set(streams);
    for (const stream of streams) {
      const end = () => {
        this.#open.delete(stream);
        this.#look();
      };
      createInterface({ input: stream })
        .on('line', (line) => {
          this.unread.push(line);
          this.#look();
        })
        .on('close', end)
        .on('error', end); // of the stream: what came before it was read
    }
  }

  /** The next line; undefined: there is none any more. */
  async next(): Promise<string | undefined> {
    while (this.unread.length === 0 && this.#open.size > 0) {
      await new Promise<void>((resolve) => {
        this.#look = resolve;
      });
    }
    return this.unread.shift();
  }
}

let certificates: string | undefined;

/** A folder with the files that the command of the page makes. */
function certificateFolder(): string {
  if (certificates === undefined) {
    certificates = mkdtempSync(join(tmpdir(), 'edgewise-guide-'));
    execFileSync('sh', ['-c', CERTIFICATE], { cwd: certificates, stdio: 'ignore' });
    const folder = certificates;
    process.once('exit', () => rmSync(folder, { recursive: true }));
  }
  return certificates;
}

/** The files as a folder of JavaScript, inside of the package, which is `edgewise` there. */
export function makeFolder(files: Files): string {
  mkdirSync(BUILD, { recursive: true });
  const folder = mkdtempSync(join(BUILD, 'guide-'));
  for (const [name, text] of files) {
    const { outputText } = ts.transpileModule(text, { compilerOptions, fileName: name });
    writeFileSync(join(folder, name.replace(/\.ts$/, '.js')), outputText);
  }
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  return folder;
}

/** A server of the guide that runs. */
export class Server {
  readonly lines: Lines;
  readonly exited: Promise<number | null>;
  readonly #child: ChildProcess;

  /** @param home - where it keeps what the next process needs; temporary files of its own. */
  constructor(folder: string, args: readonly string[], home: string) {
    // Its import of the package has to find this one, from a folder without a package of that name.
    this.#child = spawn(process.execPath, [join(folder, 'server.js'), ...args], {
      cwd: certificateFolder(),
      env: { ...process.env, TMPDIR: home },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.lines = new Lines(this.#child.stdout as Readable, this.#child.stderr as Readable);
    this.exited = once(this.#child, 'close').then(([code]) => code as number | null);
  }

  get pid(): number {
    return this.#child.pid as number;
  }

  /** The next line that is not about how long a turn took. */
  async line(): Promise<string> {
    for (;;) {
      const line = await this.lines.next();
      if (line === undefined) throw new Error(`the server has ended with ${await this.exited}`);
      if (!SLOW_TURN.test(line)) return line;
    }
  }

  /** The next line that is about how long a turn took. */
  async slowTurn(): Promise<string | undefined> {
    for (;;) {
      const line = await this.lines.next();
      if (line === undefined || SLOW_TURN.test(line)) return line;
    }
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** For clean-up, whatever state it is in. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.exited;
  }
}

/** The certificate of the server, for clients. */
export function certificateFile(): string {
  return join(certificateFolder(), 'cert.pem');
}
