// A reactor that collects its findings, on a clock that does not run: how long a handler takes is then
// what the test says, and not what else the machine does.
import { onTestFinished } from 'vitest';
import type { LintFinding, LintOptions } from '../../../src/index.ts';
import { installKernel } from '../../../src/kernel.ts';
import type { ReactorOptions } from '../../../src/reactor/options.ts';
import { Reactor } from '../../../src/reactor/reactor.ts';
import type { Descriptors } from '../../helpers/descriptors.ts';

const NS_PER_MS = 1e6;

export interface Linted {
  readonly reactor: Reactor;
  readonly findings: readonly LintFinding[];
  /** Their codes. */
  readonly codes: readonly string[];
}

export function makeLinted(
  descriptors: Descriptors,
  options: ReactorOptions = {},
  lint: LintOptions = {},
): Linted {
  const findings: LintFinding[] = [];
  const codes: string[] = [];
  const on = (finding: LintFinding): void => {
    findings.push(finding);
    codes.push(finding.code);
  };
  const reactor = descriptors.using(new Reactor({ ...options, lint: { on, ...lint } }));
  return { reactor, findings, codes };
}

/** Stops the clock that handlers are timed by. @returns moves it on by so many milliseconds. */
export function stopClock(): (ms: number) => void {
  let nowNs = 0;
  onTestFinished(installKernel({ now: () => nowNs }));
  return (ms) => {
    nowNs += ms * NS_PER_MS;
  };
}
