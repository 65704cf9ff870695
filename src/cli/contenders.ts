// The servers that `edgewise demo` compares, as the programs that they are.
import { fileURLToPath } from 'node:url';
import type { Trigger } from '../poller/index.ts';
import type { Contender } from './measure/index.ts';

function path(relative: string): string {
  return fileURLToPath(new URL(relative, import.meta.url));
}

/** Our own server, `edgewise echo`, on this Node. */
export function edgewiseContender(name: string, trigger: Trigger, api = 'reactor'): Contender {
  const args = [path('./main.js'), 'echo', '--port', '0', '--api', api, '--trigger', trigger];
  return { name, command: process.execPath, args };
}

/** The same server on `node:net`, on this Node. */
export function nodeNetContender(name: string): Contender {
  return {
    name,
    command: process.execPath,
    args: [path('../../bench/peers/node-net-echo.mjs'), '--port', '0'],
  };
}
