// A reporter of vitest for output that is no terminal: a line at most every five seconds with how far the
// run is, and which files take long. On a terminal, vitest's own last lines show it.
import { relative } from 'node:path';
import type { Reporter, TestModule, TestSpecification } from 'vitest/node';

const PERIOD_MS = 5_000;
const LONG_MS = 20_000;

const printLine = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

export class Progress implements Reporter {
  readonly #print: (line: string) => void;
  readonly #now: () => number;
  readonly #startedMs = new Map<string, number>();
  #runStartedMs = 0;
  #files = 0;
  #filesEnded = 0;
  #passed = 0;
  #failed = 0;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(print = printLine, now = () => performance.now()) {
    this.#print = print;
    this.#now = now;
  }

  onTestRunStart(specifications: readonly Pick<TestSpecification, 'moduleId'>[]): void {
    this.#files = specifications.length;
    this.#runStartedMs = this.#now();
    this.#timer = setInterval(() => this.#print(this.line()), PERIOD_MS).unref();
  }

  onTestModuleStart(module: Pick<TestModule, 'moduleId'>): void {
    this.#startedMs.set(module.moduleId, this.#now());
  }

  onTestModuleEnd(module: Pick<TestModule, 'moduleId' | 'children'>): void {
    this.#startedMs.delete(module.moduleId);
    this.#filesEnded++;
    this.#passed += [...module.children.allTests('passed')].length;
    this.#failed += [...module.children.allTests('failed')].length;
  }

  onTestRunEnd(): void {
    clearInterval(this.#timer);
  }

  /** How far the run is, such as `120 of 290 files, 3012 passed, 0 failed, 65 s`. */
  line(): string {
    const seconds = Math.round((this.#now() - this.#runStartedMs) / 1000);
    const tests = `${this.#passed} passed, ${this.#failed} failed`;
    const slow = [...this.#startedMs].filter(([, startMs]) => this.#now() - startMs >= LONG_MS);
    const names = slow.map(([path]) => relative(process.cwd(), path)).join(', ');
    const running = names === '' ? '' : `; running: ${names}`;
    return `${this.#filesEnded} of ${this.#files} files, ${tests}, ${seconds} s${running}`;
  }
}
