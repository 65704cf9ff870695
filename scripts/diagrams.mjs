// `npm run build -- guide`: draws docs/guide/pictures/, the diagrams of the guide. Each is a list of boxes,
// arrows and texts; `svg` makes a file of it that is good in light and dark, and readable at the width of a phone.
// `node scripts/diagrams.mjs --check` ends with 1 when a file is not what would be drawn.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const FOLDER = fileURLToPath(new URL('../docs/guide/pictures/', import.meta.url));
const WIDTH = 400;

const STYLE = `
    .ground { fill: #ffffff } .line { fill: none; stroke: #57606a; stroke-width: 1.6 }
    .box { fill: #f2f5f9; stroke: #57606a; stroke-width: 1.4 } .ours { fill: #dcebff; stroke: #1f5fbf }
    .kernel { fill: #fff0d4; stroke: #a06000 } .good { fill: #d9f2df; stroke: #1a7f37 }
    .wait { fill: #f6dcdc; stroke: #b3261e } .head { fill: #57606a } .signal { fill: none; stroke: #1f5fbf; stroke-width: 2.4 }
    text { font: 14px system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif; fill: #1f2328 } .small { font-size: 12px }
    .title { font-weight: 600 }
    @media (prefers-color-scheme: dark) {
      .ground { fill: #0d1117 } .line { stroke: #9aa4af } .head { fill: #9aa4af } text { fill: #e6edf3 }
      .box { fill: #1c232c; stroke: #9aa4af } .ours { fill: #12305a; stroke: #79b0ff } .kernel { fill: #4a3410; stroke: #e0a84a }
      .good { fill: #123d20; stroke: #56d07a } .wait { fill: #4d1c1c; stroke: #ff8a80 } .signal { stroke: #79b0ff }
    }`;

const escaped = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

/** A text, its first line at `y`. `kind`: `small`, `title`. */
function text(x, y, lines, kind = '', anchor = 'middle') {
  return lines
    .split('\n')
    .map(
      (line, i) =>
        `<text class="${kind}" x="${x}" y="${y + 17 * i}" text-anchor="${anchor}">${escaped(line)}</text>`,
    )
    .join('');
}

/** A box with its text in the middle. `kind`: `ours`, `kernel`, `good`, `wait`. */
function box(x, y, width, height, label, kind = '') {
  const count = label.split('\n').length;
  const first = y + height / 2 + 5 - (17 * (count - 1)) / 2;
  return (
    `<rect class="box ${kind}" x="${x}" y="${y}" width="${width}" height="${height}" rx="6"/>` +
    text(x + width / 2, first, label)
  );
}

/** A line through points, with a head at its end. */
function arrow(...points) {
  return `<polyline class="line" points="${points.map((point) => point.join(',')).join(' ')}" marker-end="url(#head)"/>`;
}

function svg(height, title, description, ...shapes) {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-labelledby="title description">
  <title id="title">${escaped(title)}</title>
  <desc id="description">${escaped(description)}</desc>
  <style>${STYLE}
  </style>
  <defs><marker id="head" markerWidth="9" markerHeight="9" refX="8" refY="4.5" orient="auto"><path class="head" d="M0 0 9 4.5 0 9z"/></marker></defs>
  <rect class="ground" width="${WIDTH}" height="${height}"/>
  ${shapes.join('\n  ')}
</svg>
`;
}

/** A wave that is high from `from` to `to`, between 110 and 390. */
function wave(y, from, to) {
  return `<polyline class="line" points="110,${y} ${from},${y} ${from},${y - 24} ${to},${y - 24} ${to},${y} 390,${y}"/>`;
}

const axis = (y) => `<polyline class="line" points="110,${y} 390,${y}"/>`;

const marks = (y, ...places) =>
  places
    .map(
      (x) =>
        `<path class="signal" d="M${x} ${y}v-22"/><circle class="box ours" cx="${x}" cy="${y - 22}" r="4"/>`,
    )
    .join('');

const PICTURES = {
  turn: svg(
    360,
    'One turn of the reactor',
    'A circle of five stations: the wait in the kernel, one batch of events, the handlers one after the other, then what was re-queued, timers and deferred functions, and back to the wait with the next deadline.',
    box(110, 14, 180, 46, 'wait\nin the kernel', 'kernel'),
    arrow([200, 60], [200, 88]),
    box(110, 90, 180, 40, 'a batch of events'),
    arrow([200, 130], [200, 156]),
    box(60, 158, 280, 46, 'handlers, one after the other:\nonReady, data, drain, end', 'ours'),
    arrow([200, 204], [200, 230]),
    box(60, 232, 280, 46, 'wakers, what was re-queued,\ntimers that are due', 'ours'),
    arrow([200, 278], [200, 302]),
    box(110, 304, 180, 40, 'deferred functions', 'ours'),
    arrow([110, 324], [24, 324], [24, 37], [108, 37]),
    text(34, 120, 'next turn', 'small', 'start'),
    text(300, 34, 'until an event,', 'small', 'start'),
    text(300, 50, 'or a deadline', 'small', 'start'),
  ),
  trigger: svg(
    312,
    'Level against edge',
    'Bytes wait in a socket from the moment they arrive until all of them are read. The level trigger reports at every wait in that time. The edge trigger reports once, at the arrival, and again only when more arrives.',
    text(10, 24, 'bytes arrive, and are read in three reads', 'title', 'start'),
    text(10, 70, 'bytes wait', 'small', 'start'),
    wave(76, 140, 310),
    text(140, 94, 'arrival', 'small'),
    text(310, 94, 'all read', 'small'),
    text(10, 140, 'level', 'title', 'start'),
    axis(146),
    marks(146, 142, 200, 258),
    text(250, 168, 'reported at every wait,\nuntil nothing is left', 'small'),
    text(10, 220, 'edge', 'title', 'start'),
    axis(226),
    marks(226, 142),
    text(250, 248, 'reported once: a handler that\nreads only a part waits for ever', 'small'),
    text(200, 298, 'time →', 'small'),
  ),
  reactor: svg(
    300,
    'The reactor: readiness',
    'Many sockets are in one interest set of the kernel. One wait reports which of them are ready. The reactor calls the handler of each, and the handler itself reads and writes.',
    ...[0, 1, 2, 3].map((i) =>
      box(20 + 92 * i, 14, 84, 34, `socket ${i + 1}`, i === 1 || i === 2 ? 'good' : ''),
    ),
    ...[0, 1, 2, 3].map((i) => arrow([62 + 92 * i, 48], [62 + 92 * i, 76])),
    box(20, 78, 360, 40, 'interest set: epoll, kqueue', 'kernel'),
    arrow([200, 118], [200, 150]),
    text(212, 140, '“2 and 3 are ready”', 'small', 'start'),
    box(100, 152, 200, 40, 'reactor, one thread', 'ours'),
    arrow([150, 192], [110, 228]),
    arrow([250, 192], [290, 228]),
    box(20, 230, 170, 54, 'handler of 2:\nrecv, send', 'ours'),
    box(210, 230, 170, 54, 'handler of 3:\nrecv, send', 'ours'),
  ),
  proactor: svg(
    300,
    'The proactor: completion',
    'The program begins an operation and gives it memory. The proactor does it when it is possible, and reports its result. The program does not read by itself.',
    box(20, 14, 360, 40, 'program', 'ours'),
    arrow([110, 54], [110, 96]),
    text(120, 80, 'read into this memory', 'small', 'start'),
    arrow([330, 196], [330, 56]),
    text(322, 150, '“120 bytes\nare there”', 'small', 'end'),
    box(20, 98, 210, 54, 'operations that\nhave begun', 'ours'),
    arrow([125, 152], [125, 196]),
    box(20, 198, 360, 40, 'proactor: does them when it can', 'ours'),
    arrow([200, 238], [200, 258]),
    box(20, 260, 360, 32, 'kernel', 'kernel'),
  ),
  'multi-reactor': svg(
    320,
    'Several reactors',
    'Clients connect to one listening socket. The main reactor accepts and hands each connection to one of the threads. From then on the connection is that thread’s alone; threads send each other connections or messages, and share nothing.',
    box(110, 12, 180, 36, 'clients'),
    arrow([200, 48], [200, 76]),
    box(90, 78, 220, 46, 'main reactor: accepts', 'kernel'),
    arrow([150, 124], [100, 166]),
    arrow([250, 124], [300, 166]),
    text(200, 152, 'a connection', 'small'),
    box(20, 168, 160, 70, 'thread 0\nreactor, handlers,\nits rooms', 'ours'),
    box(220, 168, 160, 70, 'thread 1\nreactor, handlers,\nits rooms', 'ours'),
    arrow([180, 192], [218, 192]),
    arrow([220, 216], [182, 216]),
    text(200, 262, 'a connection moves, or a message is posted', 'small'),
    text(200, 292, 'nothing is shared: no lock', 'title'),
  ),
  driver: svg(
    344,
    'The inverted driver',
    'Usually libuv waits, and other loops are watched inside of it. Here it is the other way round: our wait has the descriptor of libuv in its set. It blocks, delivers batch after batch, and goes back to libuv when that has something to do.',
    box(20, 12, 360, 36, "Node's loop: timers, idle, prepare"),
    arrow([200, 48], [200, 74]),
    box(20, 76, 360, 150, '', 'ours'),
    text(200, 98, 'our wait, and the batches it brings', 'title'),
    box(40, 112, 150, 46, 'our sockets', 'kernel'),
    box(210, 112, 150, 46, "libuv's descriptor", 'kernel'),
    arrow([115, 158], [115, 182]),
    text(115, 200, 'handlers,\nthen wait again', 'small'),
    arrow([285, 158], [285, 256]),
    text(296, 194, 'ready, or', 'small', 'start'),
    text(296, 210, 'its timer due', 'small', 'start'),
    box(20, 258, 360, 36, "Node's loop: poll, check, close"),
    arrow([20, 276], [8, 276], [8, 30], [18, 30]),
    text(200, 322, 'one system call for each batch', 'small'),
  ),
};

const isCheck = process.argv.includes('--check');
mkdirSync(FOLDER, { recursive: true });
for (const [name, picture] of Object.entries(PICTURES)) {
  const path = `${FOLDER}${name}.svg`;
  if (!isCheck) writeFileSync(path, picture);
  else if (readFileSync(path, 'utf8') !== picture) {
    console.error(`${path} is not what scripts/diagrams.mjs draws: npm run build -- guide`);
    process.exitCode = 1;
  }
}
