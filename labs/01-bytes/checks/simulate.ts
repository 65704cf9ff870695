// How a function of simulated.ts is called by a check.
import type { Exam } from '../../src/exam/exam.ts';

const MODULE = new URL('../simulated.js', import.meta.url);
/** CPU. All of them take a fraction of a second; more is a loop without end. */
const SECONDS = 3;

/** Runs it with the student's bytes.ts. @throws Miss */
export function simulateBytes(exam: Exam, name: string, runs = 1): Promise<void> {
  return exam.simulate({ module: MODULE, name, program: 'bytes', runs, seconds: SECONDS });
}
