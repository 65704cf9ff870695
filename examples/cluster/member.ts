// One member of the chat: its lines, taken apart and carried out one after the other, and what it is
// sent. The protocol is in docs/guide/scale.md.
import type { Connection } from 'edgewise';
import type { Bus, Following, Said } from './bus.ts';
import type { Rooms } from './rooms.ts';

const LINE_BYTES_MAX = 1024;
const WORD = /^[A-Za-z0-9_-]{1,32}$/;
const ID = /^[A-Za-z0-9_-]{1,64}$/;
const SEQ = /^\d{1,20}(-\d{1,20})?$/;
const LINE_FEED = 0x0a;
/** More lines wait: the member is not read until they are fewer. */
const WAITING_MAX = 64;

let guests = 0;

export class Member {
  readonly #connection: Connection<Member>;
  readonly #bus: Bus;
  readonly #rooms: Rooms;
  #name = `guest-${process.pid}-${guests++}`;
  #room = '';
  #following: Following | undefined;
  #rest: Buffer = Buffer.alloc(0);
  readonly #waiting: string[] = [];
  #isBusy = false;
  #isLeaving = false;

  constructor(connection: Connection<Member>, bus: Bus, rooms: Rooms) {
    this.#connection = connection;
    this.#bus = bus;
    this.#rooms = rooms;
  }

  enter(): void {
    this.#send('* welcome');
    this.#join('lobby');
  }

  /** Bytes came: whole lines of them are carried out, the rest waits for more. */
  onBytes(bytes: Uint8Array): void {
    let rest = Buffer.concat([this.#rest, bytes]);
    for (let end = rest.indexOf(LINE_FEED); end >= 0; end = rest.indexOf(LINE_FEED)) {
      if (end > LINE_BYTES_MAX) break;
      this.#waiting.push(rest.toString('utf8', 0, end).replace(/\r$/, ''));
      rest = rest.subarray(end + 1);
    }
    this.#rest = rest;
    if (rest.length > LINE_BYTES_MAX) this.#dismiss('* a line is too long');
    else if (this.#waiting.length > WAITING_MAX) this.#connection.pause();
    void this.#work();
  }

  /** Something was said in its room, and it is not numbered. */
  onSaid({ name, text }: Said): void {
    this.#send(`${name}: ${text}`);
  }

  /** This server goes: what was begun is finished, then the member is to connect again, elsewhere. */
  leave(): void {
    this.#isLeaving = true;
    void this.#work();
  }

  /** The connection is gone. */
  close(): void {
    this.#waiting.length = 0;
    this.#stop();
  }

  // One at a time: messages of one member are kept in the order in which it has said them.
  async #work(): Promise<void> {
    if (this.#isBusy) return;
    this.#isBusy = true;
    while (!this.#isLeaving && this.#waiting.length > 0) {
      await this.#carryOut(this.#waiting.shift() as string);
      if (this.#waiting.length === 0 && this.#connection.isPaused) this.#connection.resume();
    }
    this.#isBusy = false;
    if (this.#isLeaving) this.#dismiss('* this server goes: connect again');
  }

  async #carryOut(line: string): Promise<void> {
    const [, verb, first = '', rest = ''] = /^\/(\w+) ?(\S*) ?(.*)$/.exec(line) ?? [];
    if (verb === undefined) return this.#say('', line);
    if (verb === 'nick' && WORD.test(first)) {
      this.#name = first;
      this.#send(`* you are ${first}`);
    } else if (verb === 'join' && WORD.test(first)) this.#join(first);
    else if (verb === 'resume' && WORD.test(first) && SEQ.test(rest)) this.#resume(first, rest);
    else if (verb === 'say' && ID.test(first)) await this.#say(first, rest);
    else if (verb === 'quit') this.#dismiss('* goodbye');
    else this.#send('* what was that?');
  }

  async #say(id: string, text: string): Promise<void> {
    try {
      await this.#bus.say({ room: this.#room, name: this.#name, text, id });
      if (id !== '') this.#send(`* ok ${id}`);
    } catch {
      this.#send(`* failed ${id === '' ? text : id}`); // the same id may be said again
    }
  }

  // With all the others of this thread, from now on.
  #join(room: string): void {
    this.#stop();
    this.#room = room;
    this.#following = this.#rooms.join(room, this);
    this.#send(`* joined ${room}`);
  }

  // By itself, from where it was: each message comes with its place.
  #resume(room: string, after: string): void {
    this.#stop();
    this.#room = room;
    this.#send(`* resumed ${room}`);
    this.#following = this.#bus.follow(room, after, ({ seq, id, name, text }) =>
      this.#send(`@${seq} ${id || '-'} ${name}: ${text}`),
    );
  }

  #stop(): void {
    this.#following?.stop();
    this.#following = undefined;
  }

  #send(line: string): void {
    if (!this.#connection.isClosed && !this.#connection.isWriteEnded) {
      this.#connection.write(`${line}\n`);
    }
  }

  #dismiss(line: string): void {
    this.#send(line);
    this.#waiting.length = 0;
    this.#connection.close({ timeoutMs: 2000 });
  }
}
