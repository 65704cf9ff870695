// What the programs of this folder have in common: each says `ready`, does its work once for each
// line on standard input, and prints what came out as one line of JSON (`Values` of bench/src/model.ts,
// and `operations`; `apart`, system calls that
// are the measuring's own). They end with standard input.
import { createInterface } from 'node:readline';

/** @param work - does the work once; gives the values, or a promise of them. */
export async function answer(work) {
  console.log('ready');
  for await (const _ of createInterface({ input: process.stdin })) {
    console.log(JSON.stringify(await work()));
  }
}

/** Microseconds of CPU, user and system, that this process has used, all threads. */
export function cpuUs() {
  const { user, system } = process.cpuUsage();
  return user + system;
}
