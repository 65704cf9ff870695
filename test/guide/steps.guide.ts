// What the ten steps show is what is seen: their talks are held with the programs, and with their faults.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { blocksOf, examplesOf, type Files, pageOf, STEPS, typed } from './page.ts';
import { Talk } from './talk.ts';

const filesOf = (step: string | undefined): Files =>
  step === undefined ? new Map() : examplesOf(step);

/** Holds a talk, and looks at what is left of it before its servers end. */
async function hold<Seen>(files: Files, text: string, look: (talk: Talk) => Seen): Promise<Seen> {
  const talk = new Talk(files);
  try {
    await talk.hold(text);
    return look(talk);
  } finally {
    await talk.end();
  }
}

function talksOf(step: string) {
  const blocks = blocksOf(pageOf(step));
  return blocks.flatMap((block, index) => {
    if (block.kind !== 'talk') return [];
    const fault = blocks.slice(0, index).findLast(({ kind }) => kind === 'fault');
    const earlier = filesOf(STEPS[STEPS.indexOf(step) - 1]);
    const changed = typed(examplesOf(step), fault === undefined ? [] : [fault]);
    const files = new Map([['before', earlier] as const, ['fault', changed] as const]);
    return [{ ...block, files: files.get(block.of as 'before') ?? examplesOf(step) }];
  });
}

describe.each(STEPS)('%s', (step) => {
  test.each(talksOf(step))('what is seen: $of', async ({ files, text }) => {
    expect(text.split('\n').length).toBeGreaterThan(3);
    await hold(files, text, () => undefined);
  });
});

const isLinux = process.platform === 'linux';
if (!isLinux) process.stdout.write('skipped: the memory of a process is looked up in /proc\n');

/** The most memory that a process has had, in MiB. See proc_pid_status(5). */
function memoryOf(talk: Talk): number {
  const pid = talk.servers.get('server')?.pid;
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024;
}

test.runIf(isLinux)('a client that does not read fills the memory, until step 4', async () => {
  const [before] = talksOf('04-backpressure').filter(({ of }) => of === 'before');
  const [after] = talksOf('05-timeouts').filter(({ of }) => of === 'here');
  if (before === undefined || after === undefined) throw new Error('the talks are not there');
  const without = await hold(before.files, before.text, memoryOf);
  const with4 = await hold(after.files, after.text, memoryOf);
  process.stdout.write(
    `${without.toFixed(0)} MiB without backpressure, ${with4.toFixed(0)} with\n`,
  );
  expect(without - with4).toBeGreaterThan(30);
});
