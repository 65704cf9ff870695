// What a lab is: a folder with a sheet and a starter, and checks in the order in which they teach.
import type { Exam } from './exam/exam.ts';

/** Why a check can fail, and what a student reads then. `{name}` is replaced by a value of the miss. */
export interface Cause {
  /** The mechanism: what the kernel or the program has done, and what follows from it. */
  readonly why: string;
  /** One thing to try. */
  readonly next: string;
  /** What to read: a sentence of docs/semantics.md, a man page, or a section of the sheet. */
  readonly read: string;
}

/** One check. */
export interface Check {
  /** Lab and number: `'4.3'`. */
  readonly id: string;
  /** What it looks at, in a few words: `'a burst, then silence'`. */
  readonly name: string;
  readonly points: number;
  /** The task of the sheet that it belongs to: `'a'`. */
  readonly task: string;
  /** What the grader does. */
  readonly did: string;
  /** What a right program does then. */
  readonly expected: string;
  /** By the names that misses have. What happens to every program (it crashes, it does not start) is in causes.ts. */
  readonly causes: Readonly<Record<string, Cause>>;
  /** What this system must have; otherwise the check counts for nothing. */
  readonly needs?: 'proc' | 'redis-cli';
  /** @throws Miss - the program does not do what is expected. Anything else is a fault of the grader. */
  run(exam: Exam): Promise<void>;
}

/** One lab. */
export interface Lab {
  /** 1 to 8. */
  readonly number: number;
  /** Its folder: `'04-edge'`. */
  readonly folder: string;
  readonly title: string;
  /** What a student hands in: files of the starter that are completed, `'server.ts'`, and what they make. */
  readonly files: readonly string[];
  /** In the order in which they are to be solved. */
  readonly checks: readonly Check[];
}

/** Values for the placeholders of a message. */
export type Values = Readonly<Record<string, string | number>>;

/** The program did not do what a check expects. */
export class Miss extends Error {
  override readonly name = 'Miss';
  /** A name in `causes` of the check, or one of causes.ts. */
  readonly why: string;
  /** What was seen, for the student. */
  readonly got: string;
  readonly values: Values;
  /** The file with a trace of what has led to it. */
  readonly trace?: string | undefined;
  /** What was unkind in a simulated run, as EDGEWISE_SIM takes it. */
  readonly choices?: string | undefined;

  constructor(why: string, got: string, values: Values = {}) {
    super(`${why}: ${got}`);
    this.why = why;
    this.got = got;
    this.values = values;
  }
}
