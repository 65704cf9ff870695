// What a program does beside the simulated machine: timers and requests of Node's own, which are seen where the
// simulation has nothing left to do.

/** By the names of `process.getActiveResourcesInfo`. */
const GROUPS: Readonly<Record<string, Escape>> = {
  Timeout: 'timers',
  Immediate: 'timers',
  FSReqCallback: 'fs',
  FSReqPromise: 'fs',
  FILEHANDLE: 'fs',
  CloseReq: 'fs',
  GetAddrInfoReqWrap: 'dns',
  ChildProcess: 'child_process',
  ProcessWrap: 'child_process',
  MessagePort: 'worker_threads',
  TCPSocketWrap: 'net',
  TCPServerWrap: 'net',
  TCPConnectWrap: 'net',
  PipeWrap: 'net',
  PipeConnectWrap: 'net',
  UDPWrap: 'dgram',
  UDPSendWrap: 'dgram',
};

/** Something of Node that a simulation does not have. */
export type Escape = 'timers' | 'fs' | 'dns' | 'child_process' | 'worker_threads' | 'net' | 'dgram';

/** Those that are requests and no more: each has its answer in a while. */
export const REQUESTS: readonly Escape[] = ['fs', 'dns'];

/** What there is in its place. */
const REMEDIES: Partial<Readonly<Record<Escape, string>>> = {
  net: "import 'edgewise/net' in place of 'node:net'",
  dgram: "import 'edgewise/dgram' in place of 'node:dgram'",
  dns: 'have a name by sim.listen, or use a number',
};

/** The message for what a program waits for. */
export function describeEscape(escaped: readonly Escape[]): string {
  const names = escaped.join(', ');
  const list = escaped.map((each) => `'${each}'`).join(', ');
  const remedies = escaped.flatMap((each) => REMEDIES[each] ?? []);
  const ways = [...remedies, `allow it in real time by the option allow: [${list}]`].join('; or ');
  return `it waits for ${names} of Node, which the simulation does not have: ${ways}`;
}

/** What has begun since it was made. */
export class Escapes {
  readonly #before = counts();

  /** What is under way now and was not before. */
  get active(): Escape[] {
    const now = [...counts()].filter(([name, count]) => count > (this.#before.get(name) ?? 0));
    return now.map(([name]) => name);
  }
}

function counts(): Map<Escape, number> {
  const found = new Map<Escape, number>();
  for (const name of process.getActiveResourcesInfo()) {
    const group = GROUPS[name];
    if (group !== undefined) found.set(group, (found.get(group) ?? 0) + 1);
  }
  return found;
}
