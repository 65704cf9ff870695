// The chat: what a server does with its clients. It knows nothing of tests, ports and TLS.
import {
  adoptListener,
  type Connection,
  defaultReactor,
  type Listener,
  listen,
  type Timer,
} from 'edgewise';

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

const rooms = new Map<string, Room>();
let guests = 0;

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

function enter(connection: Connection<Member>, room: string): void {
  const member = connection.data;
  member.room = room;
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
    if (connection.isWriteEnded) return;
    if (rooms.get(member.room)?.behind.size) connection.pause(); // until `catchUp`
  }
}

function newMember(): Member {
  return { name: `guest${++guests}`, room: 'lobby', unread: Buffer.alloc(0) };
}

const options = {
  createData: newMember,
  idleTimeoutMs: SILENT_MS,
  handlers: {
    open(connection: Connection<Member>) {
      send(connection, `* welcome, ${connection.data.name}`);
      enter(connection, connection.data.room);
    },
    data: onBytes,
    drain: catchUp,
    timeout: onSilence,
    close: leave,
  },
};

/** @param fd - a socket that listens already: the one of the server before this one. */
export function startChat(port: number, fd?: number): Listener<Member> {
  rooms.clear(); // a test starts a chat more than once
  guests = 0;
  if (fd !== undefined) return adoptListener(fd, options);
  return listen({ host: '127.0.0.1', port, ...options });
}

/** Accepts no client any more, and asks those that are here to connect again. */
export function stopChat(listener: Listener<Member>): void {
  listener.close();
  for (const connection of listener.connections) {
    dismiss(connection, 'the server restarts: connect again');
  }
}
