// What each thread of the pool runs: it opens a bus of its own, and serves members with it.
import { BroadcastChannel } from 'node:worker_threads';
import type { Connection, ConnectionHandlers } from 'edgewise';
import type { SubReactorContext } from 'edgewise/multi';
import { type Bus, openBus } from './bus.ts';
import { Member } from './member.ts';
import { Rooms } from './rooms.ts';

const members = new Set<Member>();
let bus: Bus;
let rooms: Rooms;

export async function start({ data }: SubReactorContext): Promise<void> {
  bus = await openBus(data as string, false);
  rooms = new Rooms(bus);
}

export const options = { idleTimeoutMs: 600_000 };

export const handlers: ConnectionHandlers<Member> = {
  open(connection: Connection<Member>) {
    connection.data = new Member(connection, bus, rooms);
    members.add(connection.data);
    connection.data.enter();
  },
  data: (connection, bytes) => connection.data.onBytes(bytes),
  timeout: (connection) => connection.close(),
  close(connection) {
    members.delete(connection.data);
    connection.data.close();
  },
};

// The main thread says when this process is to go.
const main = new BroadcastChannel('chat');
main.unref(); // it does not keep the thread
main.onmessage = () => {
  for (const member of members) member.leave();
};
