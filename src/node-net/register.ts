// `edgewise/net/register`: `node --import edgewise/net/register app.mjs` gives a program that is not changed our
// sockets. Importing this is all there is to do; docs/register.md says what it takes over and what not.
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { threadId } from 'node:worker_threads';
import type { Connection } from '../net/index.ts';
import type { Replacements } from './exports.ts';
import { takeOver } from './takeover.ts';

/** What `registered` returns. */
export interface Registered {
  /** Connections of edgewise that were opened in this thread since, accepted and connected. */
  readonly opened: number;
  /** Those of them that are closed. */
  readonly closed: number;
}

interface Registration {
  readonly counts: { opened: number; closed: number };
  readonly replacements: Replacements;
  readonly stopCounting: () => void;
  isInPlace: boolean;
}

/** Where all copies of this package in a thread find the one that is in place. */
const PLACE = Symbol.for('edgewise.net.register');
const place = globalThis as { [PLACE]?: Registration };

function register(): void {
  if (place[PLACE]?.isInPlace) return; // by another copy, or under another address
  const counts = { opened: 0, closed: 0 };
  const ours = new WeakSet<Connection>();
  const onOpen = (message: unknown): void => {
    counts.opened++;
    ours.add((message as { connection: Connection }).connection);
  };
  const onClose = (message: unknown): void => {
    if (ours.delete((message as { connection: Connection }).connection)) counts.closed++;
  };
  subscribe('edgewise:connection:open', onOpen);
  subscribe('edgewise:connection:close', onClose);
  const stopCounting = (): void => {
    unsubscribe('edgewise:connection:open', onOpen);
    unsubscribe('edgewise:connection:close', onClose);
  };
  place[PLACE] = { counts, replacements: takeOver(), stopCounting, isInPlace: true };
  if (process.env.EDGEWISE_REGISTER === 'verbose') announce(counts);
}

function announce(counts: Registered): void {
  const where = `process ${process.pid}, thread ${threadId}`;
  process.stderr.write(`edgewise/net is in the place of node:net: ${where}\n`);
  process.once('exit', () => {
    const { opened, closed } = counts;
    process.stderr.write(
      `edgewise/net: ${opened} connections opened, ${closed} closed: ${where}\n`,
    );
  });
}

/**
 * Whether `node:net` has our sockets in this thread, and how many were used.
 *
 * @returns undefined: it has Node's own.
 */
export function registered(): Registered | undefined {
  const registration = place[PLACE];
  return registration?.isInPlace ? { ...registration.counts } : undefined;
}

/**
 * Gives `node:net` its own sockets again. Sockets and servers of ours that are open stay as they are. What the
 * program has put in the place of ours meanwhile is lost.
 *
 * @returns whether it had ours.
 */
export function unregister(): boolean {
  const registration = place[PLACE];
  if (!registration?.isInPlace) return false;
  registration.isInPlace = false;
  registration.replacements.restore();
  registration.stopCounting();
  return true;
}

register();
