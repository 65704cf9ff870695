// The line of a run of tests whose output is no terminal.
import { expect, test, vi } from 'vitest';
import { Progress } from './helpers/progress.ts';

const FILE = { moduleId: `${process.cwd()}/test/a.test.ts` };
const OTHER = { moduleId: `${process.cwd()}/test/b.test.ts` };

function ended(file: { moduleId: string }, counts: { passed: number; failed: number }) {
  const allTests = (state: 'passed' | 'failed') => new Array(counts[state]).fill({});
  return { ...file, children: { allTests } } as unknown as Parameters<
    Progress['onTestModuleEnd']
  >[0];
}

test('prints a line every five seconds, with the files that take long, until the run has ended', () => {
  vi.useFakeTimers();
  try {
    const lines: string[] = [];
    const progress = new Progress(
      (line) => lines.push(line),
      () => Date.now(),
    );
    progress.onTestRunStart([FILE, OTHER]);
    progress.onTestModuleStart(FILE);
    progress.onTestModuleStart(OTHER);
    progress.onTestModuleEnd(ended(OTHER, { passed: 3, failed: 1 }));
    vi.advanceTimersByTime(4_999);
    expect(lines).toEqual([]);
    vi.advanceTimersByTime(15_001);
    expect(lines).toEqual([
      '1 of 2 files, 3 passed, 1 failed, 5 s',
      '1 of 2 files, 3 passed, 1 failed, 10 s',
      '1 of 2 files, 3 passed, 1 failed, 15 s',
      '1 of 2 files, 3 passed, 1 failed, 20 s; running: test/a.test.ts',
    ]);
    progress.onTestRunEnd();
    vi.advanceTimersByTime(60_000);
    expect(lines).toHaveLength(4);
  } finally {
    vi.useRealTimers();
  }
});
