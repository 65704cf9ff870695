// A reporter of vitest: names the files whose process ended before they did. Vitest itself says that
// a process "exited unexpectedly", and not which.
import { relative } from 'node:path';
import type { Reporter, TestModule } from 'vitest/node';

export class NameUnended implements Reporter {
  readonly #running = new Set<string>();

  onTestModuleStart(module: TestModule): void {
    this.#running.add(module.moduleId);
  }

  onTestModuleEnd(module: TestModule): void {
    this.#running.delete(module.moduleId);
  }

  onTestRunEnd(): void {
    for (const file of this.#running) {
      process.stderr.write(`${relative(process.cwd(), file)}: its process ended before it did\n`);
    }
  }
}
