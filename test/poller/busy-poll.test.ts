// Busy polling: what is refused, what reaches the kernel, and that a set which is built anew keeps it.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { BusyPoll } from '../../src/poller/busy-poll.ts';
import { Poller } from '../../src/poller/poller.ts';
import { Reactor } from '../../src/reactor/reactor.ts';
import { countDescriptors, useDescriptors } from '../helpers/descriptors.ts';
import { noStraceReason, straced } from '../helpers/strace.ts';

const SCRIPT = fileURLToPath(new URL('../workers/busy-poll.mjs', import.meta.url));
const SET = /ioctl\(\d+, (_IOC\(_IOC_WRITE, 0x8a, 0x1, 0x8\)|EPIOCSPARAMS)/;
const descriptors = useDescriptors();
const coded = (code: string) => expect.objectContaining({ code });

describe.each(Poller.backends)('%s', (backend) => {
  const { busyPoll: canBusyPoll } = Poller.capabilitiesOf(backend);

  it('busy-polls, or says that it cannot, and keeps nothing open', () => {
    const busyPoll = { microseconds: 20 };
    const before = countDescriptors();
    if (canBusyPoll) {
      const reactor = descriptors.using(new Reactor({ backend, busyPoll }));
      expect(reactor.turn(0)).toBe(0);
      return;
    }
    for (const Made of [Poller, Reactor]) {
      expect(() => new Made({ backend, busyPoll })).toThrow(coded('ERR_OPTION_UNSUPPORTED'));
    }
    expect(countDescriptors()).toBe(before);
  });

  it('refuses what is no such option, before anything is opened', () => {
    const before = countDescriptors();
    for (const [wrong, code] of [
      [null, 'ERR_INVALID_ARG_TYPE'],
      [50, 'ERR_INVALID_ARG_TYPE'],
      [{}, 'ERR_INVALID_ARG_TYPE'],
      [{ microseconds: '5' }, 'ERR_INVALID_ARG_TYPE'],
      [{ microseconds: 5, prefer: 1 }, 'ERR_INVALID_ARG_TYPE'],
      [{ microseconds: 0 }, 'ERR_OUT_OF_RANGE'],
      [{ microseconds: 2 ** 31 }, 'ERR_OUT_OF_RANGE'],
      [{ microseconds: 5, budget: 0 }, 'ERR_OUT_OF_RANGE'],
      [{ microseconds: 5, budget: 65_536 }, 'ERR_OUT_OF_RANGE'],
    ] as const) {
      expect(() => new Poller({ backend, busyPoll: wrong as BusyPoll })).toThrow(coded(code));
    }
    expect(countDescriptors()).toBe(before);
  });
});

const { busyPoll: canBusyPoll } = Poller.capabilitiesOf(Poller.preferredBackend);
const noKernelReason = canBusyPoll ? noStraceReason : 'this kernel cannot busy-poll';
if (noKernelReason !== undefined) console.log(`skipped: ${noKernelReason}`);

it.skipIf(noKernelReason !== undefined)('asks the kernel, of a set that is built anew, too', () => {
  const folder = mkdtempSync(join(tmpdir(), 'busy-poll-'));
  const file = join(folder, 'trace');
  const args = straced(file, ['ioctl'], [process.execPath, SCRIPT]);
  const { status, stderr } = spawnSync('strace', args, { encoding: 'utf8' });
  const lines = readFileSync(file, 'latin1').split('\n');
  rmSync(folder, { recursive: true });
  expect([status, stderr]).toEqual([0, '']);
  const set = lines.filter((line) => SET.test(line));
  expect(set.map((line) => line.endsWith('= 0'))).toEqual([true, true]);
});
