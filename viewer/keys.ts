// The keys. Each is also a button, or something that a button leads to; `?` shows the list.
import type { App } from './app.ts';
import { part } from './dom.ts';
import type { Lanes } from './lanes.ts';
import { findingAfter, nextEvent } from './order.ts';

const ZOOM = 0.6;
const SHIFT = 0.3;

/** What a key does, by the name of the key; with ⇧ in front when it is held. */
type Actions = Readonly<Record<string, () => void>>;

/** What can be done, by name: keys and buttons do the same. */
export function actionsOf(app: App, lanes: Lanes): Actions {
  const step = (direction: 1 | -1) => {
    const { matches } = app.filtered;
    go(direction, (event) => matches === undefined || matches[event] === 1);
  };
  const go = (direction: 1 | -1, passes: (event: number) => boolean) => {
    app.select(nextEvent(app.state.at, direction, app.stream.count, passes));
  };
  const stepLane = (direction: 1 | -1) => {
    const lane = app.stream.laneAt(app.state.at);
    go(direction, (event) => app.stream.laneAt(event) === lane);
  };
  const stepBatch = (direction: 1 | -1) => {
    const { stream, state } = app;
    const batch = stream.batches[stream.batchAt(state.at) + direction];
    if (batch !== undefined) app.select(batch.from);
  };
  return {
    next: () => step(1),
    previous: () => step(-1),
    'next-same': () => stepLane(1),
    'previous-same': () => stepLane(-1),
    'next-batch': () => stepBatch(1),
    'previous-batch': () => stepBatch(-1),
    'next-finding': () => {
      const finding = findingAfter(app.stream.findings, app.state.at);
      if (finding !== undefined) app.visit(finding);
    },
    'zoom-in': () => lanes.zoomBy(ZOOM),
    'zoom-out': () => lanes.zoomBy(1 / ZOOM),
    'zoom-all': () => app.update({ span: app.whole }),
    left: () => lanes.moveBy(-SHIFT),
    right: () => lanes.moveBy(SHIFT),
    first: () => app.select(0),
    last: () => app.select(app.stream.count - 1),
    axis: () => app.setAxis(app.state.axis === 'events' ? 'time' : 'events'),
    filter: () => part('filter').focus(),
    help: () => part<HTMLDialogElement>('help').showModal(),
  };
}

const KEYS: Readonly<Record<string, string>> = {
  ArrowRight: 'next',
  ArrowLeft: 'previous',
  '⇧ArrowRight': 'next-same',
  '⇧ArrowLeft': 'previous-same',
  n: 'next-batch',
  p: 'previous-batch',
  l: 'next-finding',
  '+': 'zoom-in',
  '⇧+': 'zoom-in',
  '=': 'zoom-in',
  '-': 'zoom-out',
  '0': 'zoom-all',
  a: 'left',
  d: 'right',
  Home: 'first',
  End: 'last',
  t: 'axis',
  '/': 'filter',
  '⇧/': 'filter',
  '?': 'help',
  '⇧?': 'help',
};

/** Has keys and buttons do what they are for. */
export function takeKeys(app: App, lanes: Lanes): void {
  const actions = actionsOf(app, lanes);
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event)) return;
    if (/^[1-9]$/.test(event.key)) {
      lanes.pinSeen(Number(event.key));
      return;
    }
    const action = actions[KEYS[`${event.shiftKey ? '⇧' : ''}${event.key}`] ?? ''];
    if (action === undefined) return;
    event.preventDefault();
    action();
  });
  for (const made of document.querySelectorAll<HTMLElement>('button[data-action]')) {
    made.addEventListener('click', () => actions[made.dataset.action ?? '']?.());
  }
}

// A field takes its own keys, and an open dialog those of the page.
function isTyping({ target, key }: KeyboardEvent): boolean {
  if (part<HTMLDialogElement>('help').open) return true;
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement && target.type === 'range') return key.startsWith('Arrow');
  return /^(INPUT|SELECT|TEXTAREA)$/.test(target.tagName);
}
