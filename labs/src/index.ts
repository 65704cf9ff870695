// The table of contents: what `edgewise lab` and tests of the labs use.
export { commands } from './commands/index.ts';
export { type GradeOptions, grade, KEPT_FOLDER } from './grade.ts';
export { type Cause, type Check, type Lab, Miss } from './lab.ts';
export { labs } from './labs.ts';
export type { CheckResult, Failure, LabResult } from './result.ts';
