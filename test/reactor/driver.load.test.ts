// What is left to Node while a reactor in its loop is never at rest.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { eachDriver } from '../helpers/matrix.ts';

eachDriver((backend, driver) => {
  it('leaves Node its timers, files and messages under full load', () => {
    const script = fileURLToPath(new URL('../workers/busy.mjs', import.meta.url));
    const ticks = 60;
    const report = JSON.parse(
      execFileSync(process.execPath, [script, backend, driver, `${ticks}`], { encoding: 'utf8' }),
    );
    const figures = JSON.stringify(report);
    console.log(`${backend}, ${driver}: ${figures}`);
    expect(report.answers, figures).toBeGreaterThan(1000);
    for (const count of ['stats', 'messages', 'immediates', 'reactorTicks']) {
      expect(report[count], `${count} in ${figures}`).toBeGreaterThan(ticks / 3);
    }
    expect(report.drift.p50, figures).toBeLessThan(10);
    expect(report.drift.p90, figures).toBeLessThan(10);
  });
});
