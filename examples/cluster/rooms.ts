// The rooms that members of one thread are in without a place of their own: the thread follows each
// room once, and hands on what is said.
import type { Bus, Following } from './bus.ts';
import type { Member } from './member.ts';

interface Room {
  readonly members: Set<Member>;
  readonly following: Following;
}

export class Rooms {
  readonly #bus: Bus;
  readonly #rooms = new Map<string, Room>();

  constructor(bus: Bus) {
    this.#bus = bus;
  }

  join(name: string, member: Member): Following {
    const room = this.#rooms.get(name) ?? this.#open(name);
    room.members.add(member);
    return {
      stop: () => {
        room.members.delete(member);
        if (room.members.size > 0) return;
        this.#rooms.delete(name);
        room.following.stop();
      },
    };
  }

  #open(name: string): Room {
    const members = new Set<Member>();
    const following = this.#bus.follow(name, undefined, (said) => {
      for (const member of members) member.onSaid(said);
    });
    const room = { members, following };
    this.#rooms.set(name, room);
    return room;
  }
}
