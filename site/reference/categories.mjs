// By what one does: the headings of the API reference, in the order in which they are shown, and the
// files whose exports are under each. The first row that matches a path is the one that counts.

/** @type {readonly (readonly [title: string, files: RegExp])[]} */
export const CATEGORIES = [
  // edgewise
  ['Listen and connect', /^src\/net\/(listen|connect|socket)\//],
  ['Connections', /^src\/(net\/connection|flow|promises\/connection)\b/],
  ['Datagrams', /^src\/(net\/datagram|promises\/datagram)\b/],
  ['Relays', /^src\/net\/relay\//],
  ['Inherit and hand over', /^src\/net\/inherit\//],
  ['Pipes and other descriptors', /^src\/(pipe\/|promises\/descriptor)/],
  ['Edges that cannot be forgotten', /^src\/reactor\/edge\//],
  ['Lints', /^src\/reactor\/lint\//],
  ['The reactor', /^src\/reactor\//],
  ['The poller', /^src\/poller\//],
  ['Child processes', /^src\/process\//],
  ['Audit', /^src\/audit\//],
  // edgewise/promises, edgewise/stream, edgewise/proactor, edgewise/multi
  ['Listen and connect', /^src\/promises\/(listener|connect)\b/],
  ['Signals and time', /^src\/(promises\/(signal|timing)|proactor\/delay)\b/],
  ['Waiting', /^src\/promises\//],
  ['Streams of Node and of the web', /^src\/stream\/(duplex|from-duplex|socket|web)\b/],
  ['HTTP', /^src\/stream\/serve-http\b/],
  ['The proactor', /^src\/proactor\/(proactor|options|operation)\b/],
  ['Operations for await', /^src\/proactor\//],
  ['The pool of reactors', /^src\/multi\/(pool|options|protocol|fairness)\b/],
  ['Messages between reactors', /^src\/multi\/(mailbox|sender)\b/],
  ['Work out of the loop', /^src\/multi\/offload\b/],
  // edgewise/sys
  ['Sockets', /^src\/sys\/(socket)\b(?!-batch)/],
  ['Send and receive', /^src\/sys\/(transfer|message|segments|error-queue)\b/],
  ['Batches', /^src\/sys\/(batch|socket-batch)\b/],
  ['Read, write, close', /^src\/sys\/(io|pinned)\b/],
  ['Wait: epoll', /^src\/sys\/epoll\b/],
  ['Wait: kqueue', /^src\/sys\/kqueue\b/],
  ['Wait: poll and select', /^src\/sys\/(poll|select)\b/],
  ['Clocks, files and processes as descriptors', /^src\/sys\/(timerfd|inotify|pidfd)\b/],
  ['Terminals', /^src\/sys\/terminal\b/],
  ['Facts about a socket', /^src\/sys\/(tcpinfo|credentials)\b/],
  ['Constants and results', /^src\/sys\/(constants|result)\b/],
  // edgewise/testing, edgewise/trace
  ['Simulate', /^src\/testing\/(simulate|simulation|run|peer|duration|fast-check)\b/],
  ['Faults and packets', /^src\/testing\/kernel\//],
  ['What was seen', /^src\/(testing\/|kernel)/],
  ['Record', /^src\/trace\/trace\b/],
  ['Read a trace', /^src\/trace\//],
  // edgewise/net, edgewise/dgram
  ['As of node:net', /^src\/node-net\//],
  ['As of node:dgram', /^src\/node-dgram\//],
  // everywhere
  ['Addresses', /^src\/address\b/],
  ['Errors', /^src\/errors\b/],
];

/** What each import is for, where its file has no comment of its own that says so. */
export const MODULES = {
  edgewise:
    'The reactor with its poller; connections, listeners, datagrams and relays with handlers.',
  'edgewise/dgram': 'UDP with the names and the behaviour of `node:dgram`.',
  'edgewise/multi':
    'Several reactors in one process, mailboxes between them, and work out of the loop.',
  'edgewise/net': 'Sockets and servers with the names and the behaviour of `node:net`.',
  'edgewise/proactor': 'Operations that complete: read, write, accept and connect over a reactor.',
  'edgewise/promises': 'Connections, listeners, datagrams and timers for `await`.',
  'edgewise/stream': 'Connections as streams of Node and of the web; HTTP over them.',
  'edgewise/testing':
    'Servers on a simulated kernel: faults, virtual time, seeds that can be repeated.',
  'edgewise/testing/fast-check': 'Properties of servers, with fast-check.',
  'edgewise/trace': 'Records what happens in a reactor, and reads what was recorded.',
};

/** Where no row matches. */
export const OTHER = 'Other';

/** The heading for what a file exports; `path` is from the root of the repository. */
export function categoryOf(path) {
  return CATEGORIES.find(([, files]) => files.test(path))?.[0] ?? OTHER;
}
