// The parts of examples/cluster that need no other servers: the protocol of a member over a bus in
// memory, the units of systemd, and the file of HAProxy. The rest is `npm run test:long -- cluster`.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { Bus, Following, Said, Saying } from '../../examples/cluster/bus.ts';
import { Member } from '../../examples/cluster/member.ts';
import { Rooms } from '../../examples/cluster/rooms.ts';

const FOLDER = fileURLToPath(new URL('../../examples/cluster/', import.meta.url));

/** Keeps everything in memory. */
class MemoryBus implements Bus {
  isReady = true;
  readonly kept: Said[] = [];
  readonly followings = new Set<(said: Said) => void>();
  /** Called before a message is kept. */
  before: () => Promise<void> = async () => undefined;

  async say(saying: Saying): Promise<void> {
    await this.before();
    const isKept = this.kept.some(
      ({ id, name }) => id !== '' && id === saying.id && name === saying.name,
    );
    if (isKept) return;
    const said = { ...saying, seq: String(this.kept.length + 1) };
    this.kept.push(said);
    for (const handle of [...this.followings]) handle(said);
  }

  follow(room: string, after: string | undefined, onSaid: (said: Said) => void): Following {
    const handle = (said: Said) => {
      if (said.room === room) onSaid(said);
    };
    this.followings.add(handle);
    if (after !== undefined) for (const said of this.kept.slice(Number(after))) handle(said);
    return { stop: () => this.followings.delete(handle) };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

class FakeConnection {
  text = '';
  isClosed = false;
  isWriteEnded = false;
  isPaused = false;
  write(text: string): void {
    this.text += text;
  }
  pause(): void {
    this.isPaused = true;
  }
  resume(): void {
    this.isPaused = false;
  }
  close(): void {
    this.isWriteEnded = true;
  }
}

function enter(bus: Bus, rooms: Rooms) {
  const connection = new FakeConnection();
  const member = new Member(connection as never, bus, rooms);
  member.enter();
  const say = async (text: string | Uint8Array) => {
    member.onBytes(Buffer.from(text as string));
    await new Promise(setImmediate);
  };
  /** What was sent since the last call. */
  const lines = () => {
    const { text } = connection;
    connection.text = '';
    return text.split('\n').slice(0, -1);
  };
  lines();
  return { connection, member, say, lines };
}

describe('a member of the chat', () => {
  it('says lines to its room, in UTF-8 cut anywhere, with either end of line', async () => {
    const bus = new MemoryBus();
    const rooms = new Rooms(bus);
    const [ann, ben] = [enter(bus, rooms), enter(bus, rooms)];
    await ann.say('/nick ann\r\n');
    for (const byte of Buffer.from('grüß dich\r\n')) await ann.say(Uint8Array.of(byte));
    expect(ann.lines()).toEqual(['* you are ann', 'ann: grüß dich']);
    expect(ben.lines()).toEqual(['ann: grüß dich']);
    await ben.say('/join kitchen\nhello\n');
    expect(ben.lines()).toEqual(['* joined kitchen', expect.stringMatching(/^guest-.*: hello$/)]);
    expect(ann.lines()).toEqual([]);
    ann.member.close();
    ben.member.close();
    expect(bus.followings.size).toBe(0);
  });

  it('is answered when a message is kept, which counts once, and resumes where it was', async () => {
    const bus = new MemoryBus();
    const rooms = new Rooms(bus);
    const ann = enter(bus, rooms);
    await ann.say('/nick ann\n/say 1 one\n/say 2 two\n/say 1 one\n');
    expect(ann.lines().filter((line) => line.startsWith('* ok'))).toEqual([
      '* ok 1',
      '* ok 2',
      '* ok 1',
    ]);
    const ben = enter(bus, rooms);
    await ben.say('/resume lobby 1\n');
    expect(ben.lines()).toEqual(['* resumed lobby', '@2 2 ann: two']);
    await ann.say('/say 3 three\n');
    expect(ben.lines()).toEqual(['@3 3 ann: three']);
  });

  it('keeps the order of its messages, says what failed, and does not read ahead for ever', async () => {
    const bus = new MemoryBus();
    const ann = enter(bus, new Rooms(bus));
    let release: () => void = () => undefined;
    bus.before = () =>
      new Promise((resolve) => {
        release = resolve;
      });
    await ann.say(
      `/say 0 x\n${Array.from({ length: 70 }, (_, i) => `/say ${i + 1} x\n`).join('')}`,
    );
    expect(ann.connection.isPaused).toBe(true);
    expect(ann.lines()).toEqual([]);
    bus.before = async () => {
      if (bus.kept.length === 1) throw new Error('not kept');
    };
    release();
    await new Promise(setImmediate);
    const kept = bus.kept.map(({ id }) => id);
    expect(kept).toEqual(['0']);
    expect(ann.lines().filter((line) => line.startsWith('* failed'))).toHaveLength(70);
    expect(ann.connection.isPaused).toBe(false);
  });

  it.each([
    ['/nick two words?', '* you are two'],
    ['/nick ö', '* what was that?'],
    ['/join a.b', '* what was that?'],
    ['/join *', '* what was that?'],
    ['/resume lobby', '* what was that?'],
    ['/say', '* what was that?'],
    ['/dance', '* what was that?'],
    ['/quit', '* goodbye'],
  ])('%j is answered by %j', async (line, answer) => {
    const bus = new MemoryBus();
    const ann = enter(bus, new Rooms(bus));
    await ann.say(`${line}\n`);
    expect(ann.lines()).toEqual([answer]);
    expect(ann.connection.isWriteEnded).toBe(line === '/quit');
  });

  it('takes a line of 1024 bytes, and closes at a longer one', async () => {
    const bus = new MemoryBus();
    const ann = enter(bus, new Rooms(bus));
    await ann.say(`${'x'.repeat(1024)}\n`);
    expect(bus.kept[0]?.text).toHaveLength(1024);
    ann.lines();
    await ann.say('x'.repeat(1025));
    expect(ann.lines()).toEqual(['* a line is too long']);
    expect(ann.connection.isWriteEnded).toBe(true);
  });

  it('finishes what it has begun when the server goes', async () => {
    const bus = new MemoryBus();
    const ann = enter(bus, new Rooms(bus));
    let release: () => void = () => undefined;
    bus.before = () =>
      new Promise((resolve) => {
        release = resolve;
      });
    await ann.say('/say 1 last\n');
    ann.member.leave();
    expect(ann.connection.isWriteEnded).toBe(false);
    release();
    await new Promise(setImmediate);
    expect(ann.lines().slice(-2)).toEqual(['* ok 1', '* this server goes: connect again']);
    expect(ann.connection.isWriteEnded).toBe(true);
  });
});

function isThere(program: string): boolean {
  const found = spawnSync(program, ['--version']).error === undefined;
  if (!found) console.log(`skipped: there is no ${program} here`);
  return found;
}

describe('the files beside it', () => {
  it.runIf(isThere('systemd-analyze'))('units that systemd-analyze verify takes', () => {
    const units = readdirSync(`${FOLDER}systemd`).map((unit) => `${FOLDER}systemd/${unit}`);
    expect(units).toHaveLength(2);
    const { status, stdout, stderr } = spawnSync('systemd-analyze', ['verify', ...units]);
    expect({ status, text: `${stdout}${stderr}` }).toEqual({ status: 0, text: '' });
  });

  it.runIf(isThere('haproxy'))('a file that haproxy -c takes', () => {
    const numbers = [1, 2, 3].flatMap((number) => [
      [`CHAT_${number}`, `127.0.0.1:${7000 + number}`],
      [`CHAT_${number}_HEALTH_HOST`, '127.0.0.1'],
      [`CHAT_${number}_HEALTH_PORT`, `${8000 + number}`],
    ]);
    const env = { ...process.env, CHAT_BIND: '127.0.0.1:7000', ...Object.fromEntries(numbers) };
    const { status, stderr } = spawnSync('haproxy', ['-c', '-f', `${FOLDER}haproxy.cfg`], { env });
    expect({ status, text: String(stderr) }).toEqual({
      status: 0,
      text: expect.not.stringContaining('WARNING'),
    });
  });
});
