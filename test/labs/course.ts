// A folder of a student: edgewise and edgewise-labs are installed in it, with the labs of fake/ in place of the
// real ones; and the command line, run in it as a student runs it.
import { type ChildProcess, spawn } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const { makeTwins } = await import(new URL('../../scripts/build-labs.mjs', import.meta.url).href);
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const FAKE = join(ROOT, 'test/labs/fake');
const PROGRAMS = join(ROOT, 'test/labs/programs');
export const MAIN = join(ROOT, 'dist/cli/main.js');

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export class Course {
  readonly folder = realpathSync(mkdtempSync(join(tmpdir(), 'edgewise-course-')));
  readonly #running = new Set<ChildProcess>();

  constructor() {
    const labs = this.path('node_modules/edgewise-labs');
    mkdirSync(labs, { recursive: true });
    symlinkSync(ROOT, this.path('node_modules/edgewise'));
    symlinkSync(join(ROOT, 'node_modules/fflate'), this.path('node_modules/fflate'));
    for (const name of ['package.json', 'packs', 'dist/src']) {
      cpSync(join(ROOT, 'labs', name), join(labs, name), { recursive: true });
    }
    cpSync(join(FAKE, 'labs.mjs'), join(labs, 'dist/src/labs.js'));
    cpSync(join(FAKE, '01-echo'), join(labs, '01-echo'), { recursive: true });
    cpSync(join(FAKE, '01-echo'), join(labs, '02-more'), { recursive: true });
    makeTwins(labs, join(labs, 'dist/js'));
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  text(name: string): string {
    return readFileSync(this.path(name), 'utf8');
  }

  json<Value>(name: string): Value {
    return JSON.parse(this.text(name)) as Value;
  }

  has(name: string): boolean {
    return existsSync(this.path(name));
  }

  write(name: string, text: string): void {
    mkdirSync(join(this.path(name), '..'), { recursive: true });
    writeFileSync(this.path(name), text);
  }

  /** Hands in a program of programs/ as `echo.js`, in a folder of its own. */
  handIn(program: string, folder = program): string {
    cpSync(join(PROGRAMS, 'echo.js'), this.path(`${folder}/right/echo.js`));
    const text = readFileSync(join(PROGRAMS, `${program}.js`), 'utf8');
    this.write(`${folder}/echo.js`, text.replace("'./echo.js'", "'./right/echo.js'"));
    this.write(`${folder}/package.json`, '{ "type": "module" }');
    return folder;
  }

  /** `edgewise lab …`, to its end. */
  lab(...args: string[]): Promise<Ended> {
    return this.labWith({}, ...args);
  }

  /** The same with more environment. */
  async labWith(env: NodeJS.ProcessEnv, ...args: string[]): Promise<Ended> {
    const child = this.start(env, ...args);
    let [stdout, stderr] = ['', ''];
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
    return { code, stdout, stderr };
  }

  /** The same, started. */
  start(env: NodeJS.ProcessEnv, ...args: string[]): ChildProcess {
    const child = spawn(process.execPath, [MAIN, 'lab', ...args], {
      cwd: this.folder,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#running.add(child);
    child.on('close', () => this.#running.delete(child));
    return child;
  }

  remove(): void {
    for (const child of this.#running) child.kill('SIGKILL');
    rmSync(this.folder, { recursive: true, force: true });
  }
}
