// What a student's folder remembers of gradings: `.edgewise/progress.json`.
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { KEPT_FOLDER } from './grade.ts';
import type { Check, Lab } from './lab.ts';
import type { CheckResult, LabResult } from './result.ts';

const FORMAT = 'edgewise/lab-progress/v1';
const FILE = 'progress.json';

/** The last result of a check. */
export interface KeptCheck {
  readonly status: CheckResult['status'];
  readonly score: number;
  readonly maxScore: number;
  /** The trace of its failure. */
  readonly see?: string;
}

/** The last results of a lab. */
export interface KeptLab {
  readonly lastRun: string;
  /** By id. */
  readonly checks: Readonly<Record<string, KeptCheck>>;
}

/** By number. */
export type Kept = Readonly<Record<string, KeptLab>>;

/** What a folder remembers; nothing, where there is no such file, or a damaged one. */
export function readKept(folder: string): Kept {
  try {
    const text = readFileSync(join(folder, KEPT_FOLDER, FILE), 'utf8');
    const { format, labs } = JSON.parse(text) as { format: string; labs: Kept };
    return format === FORMAT ? labs : {};
  } catch {
    return {};
  }
}

/** Remembers it, beside what is known of other checks. @throws ErrnoException - the folder cannot be written. */
export function keep(folder: string, result: LabResult): void {
  const labs = readKept(folder);
  const fresh = result.checks.map((check) => [check.id, keptOf(check)] as const);
  const checks = { ...labs[result.lab]?.checks, ...Object.fromEntries(fresh) };
  const all = { ...labs, [result.lab]: { lastRun: result.startedAt, checks } };
  const path = join(folder, KEPT_FOLDER, FILE);
  mkdirSync(join(folder, KEPT_FOLDER), { recursive: true });
  // Another run of the grader reads a whole file, or the one before.
  const temporary = `${path}.${process.pid}`;
  writeFileSync(temporary, `${JSON.stringify({ format: FORMAT, labs: all }, undefined, 2)}\n`);
  renameSync(temporary, path);
}

function keptOf({ status, score, maxScore, failure }: CheckResult): KeptCheck {
  const see = failure?.see;
  return { status, score, maxScore, ...(see !== undefined && { see }) };
}

/** The first check of a lab that does not pass yet. */
export function firstOpen(lab: Lab, kept: KeptLab | undefined): Check | undefined {
  return lab.checks.find(({ id }) => {
    const status = kept?.checks[id]?.status;
    return status === undefined || status === 'failed';
  });
}
