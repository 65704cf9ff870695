// What is behind a descriptor number: one open file description, which any number of numbers and of
// entries of interest sets can share.

/** What poll(2) and epoll_wait(2) of Linux report, as bits. */
export const Poll = {
  In: 0x01,
  Priority: 0x02,
  Out: 0x04,
  Error: 0x08,
  HangUp: 0x10,
  /** The peer will send no more. */
  ReadHangUp: 0x2000,
} as const;

/** What has happened to a file: bytes have come, room has come, or a direction was closed. */
export type Activity = 'data' | 'space' | 'state';

/** Is called when something has happened. */
export interface Watcher {
  /** @param gained - bits of {@link Poll} that it did not have before. */
  onActivity(activity: Activity, gained: number): void;
  /** The last number of the file was closed. */
  onRelease(): void;
}

/** Those that watch one file. */
export class Watchers {
  readonly #all = new Set<Watcher>();

  add(watcher: Watcher): void {
    this.#all.add(watcher);
  }

  delete(watcher: Watcher): void {
    this.#all.delete(watcher);
  }

  notify(activity: Activity, gained: number): void {
    for (const watcher of this.#all) watcher.onActivity(activity, gained);
  }

  release(): void {
    for (const watcher of [...this.#all]) watcher.onRelease();
  }
}

/** One open file description. */
export interface OpenFile {
  /** As `edgewise audit` names it. */
  readonly kind: 'socket' | 'pipe' | 'eventfd' | 'timerfd';
  readonly watchers: Watchers;
  /** O_NONBLOCK. */
  isNonBlocking: boolean;
  /** Bits of {@link Poll}. */
  poll(): number;
  /** Takes bytes: how many, 0 at the end, or -errno. Absent: it cannot be read. */
  read?(into: Uint8Array): number;
  /** Gives bytes: how many were taken, or -errno. Absent: it cannot be written. */
  write?(bytes: Uint8Array): number;
  /** Bytes that a write takes now, or -errno. Absent: it is none of a stream. */
  room?(): number;
  /** Bytes that a read gives now. Absent: it is none of a stream. */
  unread?(): number;
  /** As `read`, and the bytes stay. */
  peek?(into: Uint8Array): number;
  /** The last number was closed. */
  release(): void;
}

/** A file on its way through a Unix socket (SCM_RIGHTS), which keeps it open. */
export interface PassedFile {
  readonly file: OpenFile;
  /** It is on its way no longer. */
  drop(): void;
}

/** Runs `change`, and notifies the watchers of what poll reports more after it than before. */
export function changing(file: OpenFile, activity: Activity, change: () => void): void {
  const before = file.poll();
  change();
  file.watchers.notify(activity, file.poll() & ~before);
}
