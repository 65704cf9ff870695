// What the command line says to a mistake, and what it says while it is at work.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { progressOn } from '../../src/cli/measure/index.ts';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

function edgewise(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], {
    encoding: 'utf8',
  });
  return { code: status, stdout, stderr };
}

describe('what is wrong, in words of our own, and what helps', () => {
  test.each([
    [[], 'a command is missing (see: edgewise help)'],
    [['ecko'], "unknown command 'ecko'; did you mean 'echo'? (see: edgewise help)"],
    [['zzzz'], "unknown command 'zzzz' (see: edgewise help)"],
    [['hlep'], "unknown command 'hlep'; did you mean 'help'? (see: edgewise help)"],
    [['help', 'ecko'], "unknown command 'ecko'; did you mean 'echo'? (see: edgewise help)"],
    [['help', 'echo', 'demo'], "'demo' is one word too many (see: edgewise help)"],
    [['--hlep'], "unknown option '--hlep'; did you mean --help? (see: edgewise help)"],
    [['-x'], "unknown option '-x' (see: edgewise help)"],
    [['-v', 'echo'], '-v takes no further words (see: edgewise help)'],
    [
      ['echo', '--prt', '1'],
      "unknown option '--prt'; did you mean --port? (see: edgewise help echo)",
    ],
    [['echo', '-x'], "unknown option '-x' (see: edgewise help echo)"],
    [['echo', '--constructor'], "unknown option '--constructor' (see: edgewise help echo)"],
    [['echo', '--port'], '--port needs a value: --port N (see: edgewise help echo)'],
    [['echo', '--port', '--host', 'x'], '--port needs a value: --port N (see: edgewise help echo)'],
    [
      ['echo', '--port', '-1'],
      "--port takes a whole number from 0 to 65535, not '-1' (see: edgewise help echo)",
    ],
    [['echo', '--port=1', '--port=2'], '--port was given twice (see: edgewise help echo)'],
    [['echo', '--', 'stray'], "'stray' is one word too many (see: edgewise help echo)"],
    [['demo', '--json=yes'], '--json takes no value (see: edgewise help demo)'],
    [['demo', '--help=yes'], '--help takes no value (see: edgewise help demo)'],
    [['demo', '--rounds', 'x'], /^--rounds takes a whole number from 1 to 1000, not 'x' \(see: /],
    [['view', '-o'], '-o needs a value: -o PAGE (see: edgewise help view)'],
    [
      ['view', '/dev/null', '--fd=0x1'],
      /^--fd takes a whole number from 0 to \d+, not '0x1' \(see: /,
    ],
    [['view', '/nowhere/a'], '/nowhere/a cannot be read: ENOENT'],
    [
      ['lab', 'chek'],
      "unknown command 'lab chek'; did you mean 'lab check'? (see: edgewise help lab)",
    ],
    [
      ['lab', 'check', '1', '--frmat', 'x'],
      "unknown option '--frmat'; did you mean --format? (see: edgewise help lab check)",
    ],
  ])('edgewise %j', async (args, message) => {
    const ended = await edgewise(...args);
    expect(ended).toMatchObject({ code: 2, stdout: '' });
    const [line = '', rest] = ended.stderr.split('\n');
    expect(rest).toBe('');
    expect(line.replace('edgewise: ', '')).toEqual(
      typeof message === 'string' ? message : expect.stringMatching(message),
    );
  });
});

describe('progress', () => {
  afterEach(() => vi.useRealTimers());

  function shownOn(isTTY: boolean, columns?: number) {
    vi.useFakeTimers();
    const texts: string[] = [];
    const write = (text: string) => texts.push(text) > 0;
    const stream = { isTTY, write, columns } as Parameters<typeof progressOn>[0];
    return { progress: progressOn(stream), texts };
  }

  test('is one line on a terminal, which is rewritten', () => {
    const { progress, texts } = shownOn(true);
    progress.show('a');
    progress.show('b');
    progress.end();
    expect(texts.join('')).toBe('\r\x1b[Ka\r\x1b[Kb\r\x1b[K');
  });

  test('is cut to the width of the terminal: what is broken cannot be erased', () => {
    const { progress, texts } = shownOn(true, 10);
    progress.show('a long line of words');
    expect(texts).toEqual(['\r\x1b[Ka long l…']);
  });

  test('is at most one line in five seconds elsewhere, the latest one', () => {
    const { progress, texts } = shownOn(false);
    progress.show('first');
    for (const line of ['second', 'third']) progress.show(line);
    expect(texts).toEqual(['first\n']);
    vi.advanceTimersByTime(4999);
    expect(texts).toEqual(['first\n']);
    vi.advanceTimersByTime(1);
    expect(texts).toEqual(['first\n', 'third\n']);
    vi.advanceTimersByTime(60_000); // nothing new
    progress.show('fourth');
    progress.show('fifth');
    progress.end();
    vi.advanceTimersByTime(60_000);
    expect(texts).toEqual(['first\n', 'third\n', 'fourth\n']);
  });
});

const COMMANDS = 'echo udp-echo relay demo audit doctor sim trace view lab'.split(' ');

describe('help', () => {
  test.each([['--help'], ['-h'], ['help']])('edgewise %s lists the commands', async (flag) => {
    const ended = edgewise(flag);
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    for (const name of COMMANDS) {
      expect(ended.stdout).toMatch(new RegExp(`^ {2}${name} +\\S`, 'm'));
    }
  });

  test.each([
    [
      'echo',
      ['port', 'host', 'api', 'trigger', 'reactors', 'strategy', 'backend', 'busy-poll', 'help'],
    ],
    ['udp-echo', ['port', 'host', 'trigger', 'help']],
    ['relay', ['port', 'target', 'host', 'trigger', 'copy', 'help']],
    ['demo', ['connections', 'size', 'rounds', 'seconds', 'json', 'help']],
    ['audit', ['json', 'watch', 'help']],
    ['trace', ['level', 'last', 'output', 'help']],
    ['view', ['text', 'fd', 'output', 'perfetto', 'chrome', 'help']],
    ['doctor', ['help']],
  ])('edgewise %s --help lists its options', async (name, options) => {
    const ended = edgewise(name, '--help');
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    const listed = [...ended.stdout.matchAll(/^ {2}(?:-\w, )?--([a-z-]+)/gm)].map(
      ([, word]) => word,
    );
    expect(listed).toEqual(options);
  });

  test.each(COMMANDS)(
    'of %s: help COMMAND, -h and --help are the same, in 80 columns',
    async (name) => {
      const [help, short, long] = await Promise.all([
        edgewise('help', name),
        edgewise(name, '-h'),
        edgewise(name, '--help'),
      ]);
      expect(help).toMatchObject({ code: 0, stderr: '' });
      expect(short).toEqual(help);
      expect(long).toEqual(help);
      expect(help.stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
    },
  );

  test('of a command of the labs: help lab check, lab help check, lab check -h', async () => {
    const [one, other, third] = await Promise.all([
      edgewise('help', 'lab', 'check'),
      edgewise('lab', 'help', 'check'),
      edgewise('lab', 'check', '-h'),
    ]);
    expect(one).toMatchObject({ code: 0, stderr: '' });
    expect(one.stdout).toMatch(/^usage: edgewise lab check N \[DIR\] \[options\]$/m);
    expect(other).toEqual(one);
    expect(third).toEqual(one);
  });

  test('help of a command that takes a script runs none', async () => {
    expect(edgewise('help', 'trace', MAIN)).toMatchObject({ code: 2, stdout: '' });
  });

  test.each(['--version', '-v'])('edgewise %s prints that of the package', async (flag) => {
    const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
    const { stdout } = edgewise(flag);
    expect(stdout).toBe(`${(JSON.parse(text) as { version: string }).version}\n`);
  });
});
