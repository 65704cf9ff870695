// The chat: what a server does with its clients. It knows nothing of tests, ports and TLS.
import { type Connection, defaultReactor, type Listener, listen, type Timer } from 'edgewise';
import type { SubReactorContext } from 'edgewise/multi';

const LINE_BYTES_MAX = 1024;
const CLOSE_MS = 5000;
const BEHIND_MS = 5000;
const SILENT_MS = 300_000;
const NAME = /^[\p{L}\p{N}_-]{1,20}$/u;

/** What belongs to one client: `connection.data`. */
export interface Member {
  name: string;
  room: string;
  /** What has come of the next line. */
  unread: Buffer;
}

interface Room {
  readonly members: Set<Connection<Member>>;
  /** Those that are behind: 64 KiB and more wait to be sent to them; and the end of our patience. */
  readonly behind: Map<Connection<Member>, Timer>;
}

// All of this is of one thread, and so is each room: no other thread ever looks at it.
const rooms = new Map<string, Room>();
let guests = 0;
let core: Pick<SubReactorContext, 'index' | 'handOver'> | undefined; // undefined: in a test
let coreCount = 1;
let isStopping = false;

/** The core that has a room. */
function coreOf(room: string): number {
  return Buffer.from(room).reduce((sum, byte) => sum + byte) % coreCount;
}

function send(connection: Connection<Member>, line: string): void {
  // Ended by its client or by us, and not out of the room yet: nothing can be written to it.
  if (connection.isClosed || connection.isWriteEnded) return;
  const hasRoom = connection.write(`${line}\n`);
  const behind = rooms.get(connection.data.room)?.behind;
  if (hasRoom || behind === undefined || behind.has(connection)) return;
  const timer = defaultReactor().setTimeout(() => connection.destroy(), BEHIND_MS);
  behind.set(connection, timer);
}

/** A member is not behind any more: when no other is, the room goes on. */
function catchUp(connection: Connection<Member>): void {
  const room = rooms.get(connection.data.room);
  room?.behind.get(connection)?.clear();
  if (!room?.behind.delete(connection) || room.behind.size > 0) return;
  for (const member of room.members) member.resume();
}

/** Sends a line to every member of a room. */
function say(room: string, line: string): void {
  for (const member of rooms.get(room)?.members ?? []) send(member, line);
}

/** It goes on in `adopt` there, or is asked to connect again: no thread takes one when it stops. */
function moveTo(index: number, connection: Connection<Member>): void {
  try {
    core?.handOver(connection, index, connection.data);
  } catch {
    stop(connection);
  }
}

function enter(connection: Connection<Member>, room: string): void {
  const member = connection.data;
  member.room = room;
  const there = coreOf(room);
  if (core !== undefined && there !== core.index) {
    moveTo(there, connection);
    return;
  }
  const { members, behind } = rooms.get(room) ?? { members: new Set(), behind: new Map() };
  rooms.set(room, { members: members.add(connection), behind });
  say(room, `* ${member.name} is in ${room} now`);
}

function leave(connection: Connection<Member>): void {
  const { name, room } = connection.data;
  const members = rooms.get(room)?.members;
  members?.delete(connection);
  catchUp(connection);
  if (members?.size === 0) rooms.delete(room); // or the names of old rooms use up memory
  say(room, `* ${name} has left ${room}`);
}

/** Says why, and closes: in order, so that the client gets what was written before. */
function dismiss(connection: Connection<Member>, why: string): void {
  send(connection, `* ${why}`);
  connection.close({ timeoutMs: CLOSE_MS });
}

function onLine(connection: Connection<Member>, line: string): void {
  const member = connection.data;
  const [, command, name = ''] = /^\/(nick|join|quit)(?: (.*))?$/.exec(line) ?? [];
  if (command === 'quit') {
    dismiss(connection, 'good bye');
  } else if (command === undefined) {
    say(member.room, `${member.name}: ${line}`);
  } else if (!NAME.test(name)) {
    send(connection, '* a name has 1 to 20 letters, digits, - or _');
  } else if (command === 'nick') {
    say(member.room, `* ${member.name} is ${name} now`);
    member.name = name;
  } else {
    leave(connection);
    connection.resume(); // it may have been paused for its old room
    enter(connection, name);
  }
}

/** Nothing was sent to it, and nothing came from it, for SILENT_MS. */
function onSilence(connection: Connection<Member>): void {
  dismiss(connection, 'nothing was said for 5 minutes');
}

/** Calls `onLine` for each whole line, and keeps the rest until more comes. */
function onBytes(connection: Connection<Member>, bytes: Buffer): void {
  const member = connection.data;
  if (connection.isWriteEnded) return; // what a client says after its end is not kept
  member.unread = Buffer.concat([member.unread, bytes]); // a copy: `bytes` is overwritten
  for (;;) {
    const end = member.unread.indexOf('\n');
    if ((end < 0 ? member.unread.length : end) > LINE_BYTES_MAX) {
      dismiss(connection, `a line has at most ${LINE_BYTES_MAX} bytes`);
      return;
    }
    if (end < 0) return;
    const line = member.unread.toString('utf8', 0, end).replace(/\r$/, '');
    member.unread = member.unread.subarray(end + 1);
    onLine(connection, line);
    if (connection.isWriteEnded || connection.isHandedOver) return;
    if (rooms.get(member.room)?.behind.size) connection.pause(); // until `catchUp`
  }
}

function welcome(connection: Connection<Member>): void {
  const name = `guest${guests++ * coreCount + (core?.index ?? 0) + 1}`;
  connection.data = { name, room: 'lobby', unread: Buffer.alloc(0) };
  send(connection, `* welcome, ${name}`);
  if (isStopping) stop(connection);
  else enter(connection, 'lobby');
}

function stop(connection: Connection<Member>): void {
  dismiss(connection, 'the server restarts: connect again');
}

/** Each thread loads this file, and serves its connections with these. */
export const handlers = {
  open: welcome,
  data: onBytes,
  drain: catchUp,
  timeout: onSilence,
  close: leave,
};
export const options = { idleTimeoutMs: SILENT_MS };
export const MODULE = new URL(import.meta.url);

/** A connection has come from another thread, with its data. */
export function adopt(connection: Connection<Member>): void {
  const { room } = connection.data;
  if (isStopping || coreOf(room) !== core?.index) {
    stop(connection); // it is late, or has come back
  } else {
    enter(connection, room);
    onBytes(connection, Buffer.alloc(0)); // what it had said behind its /join
  }
}

/** Called on each thread, before its first connection. */
export function start(context: SubReactorContext): void {
  core = context;
  coreCount = context.data as number;
  const orders = new BroadcastChannel('chat');
  orders.onmessage = () => {
    isStopping = true;
    for (const { members } of rooms.values()) for (const member of members) stop(member);
  };
  orders.unref();
}

/** The chat on this thread alone, for tests. */
export function startChat(port: number): Listener<Member> {
  rooms.clear(); // a test starts a chat more than once
  guests = 0;
  return listen({ host: '127.0.0.1', port, ...options, handlers });
}
