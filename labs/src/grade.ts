// Runs the checks of a lab on a folder, in their order, one at a time: they look at CPU and at time.
import { copyFileSync, existsSync, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { commonCauses } from './exam/causes.ts';
import { Exam } from './exam/exam.ts';
import { canObserve } from './exam/observe.ts';
import { type Check, type Lab, Miss } from './lab.ts';
import { writeLedgerTrace } from './ledger/to-trace.ts';
import { type CheckResult, type Failure, failureOf, type LabResult } from './result.ts';
import { shellWord } from './shell-word.ts';
import { hasProgram } from './system.ts';

export interface GradeOptions {
  /** The student's folder. */
  readonly folder: string;
  /** Sizes and orders come from it. Default 1. */
  readonly seed?: number;
  readonly isQuick?: boolean;
  /** Only checks with these ids. */
  readonly only?: readonly string[];
  /** A trace of each failing recorded run is left in `.edgewise` of the folder. Default true. */
  readonly keepsTraces?: boolean;
  /** Called before each check, and after it. */
  readonly onProgress?: (check: Check, result: CheckResult | undefined) => void;
}

/** The folder in which the grader leaves what it has to say later. */
export const KEPT_FOLDER = '.edgewise';

/** @throws Error - the grader itself has failed; nothing that a student's program does brings it about. */
export async function grade(lab: Lab, options: GradeOptions): Promise<LabResult> {
  const { folder, seed = 1, only, onProgress } = options;
  const startedAt = new Date().toISOString();
  const checks: CheckResult[] = [];
  for (const check of lab.checks) {
    if (only !== undefined && !only.includes(check.id)) continue;
    onProgress?.(check, undefined);
    const result = await runCheck(check, options);
    checks.push(result);
    onProgress?.(check, result);
  }
  const sumOf = (name: 'score' | 'maxScore'): number =>
    checks.reduce((sum, each) => sum + each[name], 0);
  return {
    format: 'edgewise/lab-result/v1',
    lab: lab.number,
    title: lab.title,
    folder,
    seed,
    startedAt,
    score: sumOf('score'),
    maxScore: sumOf('maxScore'),
    ...(checks.length < lab.checks.length && { isPartial: true as const }),
    checks,
  };
}

async function runCheck(check: Check, options: GradeOptions): Promise<CheckResult> {
  const { id, name, task, points } = check;
  const begin = performance.now();
  const about = { id, name, task };
  const reason = whyNot(check);
  if (reason !== undefined) {
    return { ...about, status: 'not checked', score: 0, maxScore: 0, ms: 0, reason };
  }
  const failure = await attempt(check, options);
  const ms = Math.round(performance.now() - begin);
  const status = failure === undefined ? 'passed' : 'failed';
  const score = failure === undefined ? points : 0;
  return { ...about, status, score, maxScore: points, ms, ...(failure && { failure }) };
}

async function attempt(check: Check, options: GradeOptions): Promise<Failure | undefined> {
  const { folder, seed = 1, isQuick = false, keepsTraces = true } = options;
  // Its programs run in it.
  const exam = new Exam({ folder: resolve(folder), seed, isQuick });
  let miss: Miss | undefined;
  let see: string | undefined;
  try {
    await check.run(exam);
  } catch (error) {
    // A fault of the grader ends it; what it has started ends with it.
    if (!(error instanceof Miss)) await exam.close().catch(() => undefined);
    miss = missIn(error);
    if (keepsTraces) see = keepTrace(exam, miss, folder, check.id);
  }
  try {
    await exam.close();
  } catch (error) {
    miss ??= missIn(error);
  }
  if (miss === undefined) return undefined;
  const again = againOf(miss, check.id, options);
  return {
    ...failureOf(check, miss, commonCauses),
    ...(again !== undefined && { again }),
    ...(see !== undefined && { see }),
  };
}

function againOf({ choices = '' }: Miss, id: string, options: GradeOptions): string | undefined {
  if (choices === '') return undefined;
  const { folder, seed = 1 } = options;
  const [number] = id.split('.');
  const words = ['npx edgewise lab check', number, shellWord(folder), '--only', id];
  const origin = seed === 1 ? [] : ['--seed', seed];
  return [`EDGEWISE_SIM='${choices}'`, ...words, ...origin].join(' ');
}

function missIn(error: unknown): Miss {
  if (error instanceof Miss) return error;
  throw error;
}

// Of a simulated run it is there; of a recorded one it is made from the ledger.
function keepTrace(exam: Exam, { trace }: Miss, folder: string, id: string): string | undefined {
  const path = join(folder, KEPT_FOLDER, `${id}.edgetrace`);
  const source = trace ?? exam.lastLedger;
  if (source === undefined || !existsSync(source)) return undefined;
  try {
    mkdirSync(join(folder, KEPT_FOLDER), { recursive: true });
    copyFileSync(source, trace === undefined ? path.replace(/edgetrace$/, 'ledger') : path);
    return trace !== undefined || writeLedgerTrace(exam.ledger, path) ? path : undefined;
  } catch (error) {
    // A folder that cannot be written is graded all the same.
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    return undefined;
  }
}

function whyNot({ needs }: Check): string | undefined {
  if (needs === 'proc' && !canObserve) return 'this system has no /proc that shows other processes';
  if (needs === 'redis-cli' && !hasProgram('redis-cli')) return 'redis-cli is not installed';
  return undefined;
}
