// What each descriptor did, in numbers, and what the reactor did as a whole.
import type { Lane, LaneTotals } from '../src/view/model.ts';
import type { App } from './app.ts';
import { button, element, row, table } from './dom.ts';
import { bytes, eventCount, share, time } from './format.ts';

const ROWS_MAX = 500;

const HEADINGS = [
  'of',
  'reports',
  'handler calls',
  'in handlers',
  'longest',
  'system calls',
  'would-block',
  'calls per report',
  'read',
  'written',
  'lost edges',
];

/** The panel. */
export function totalsPanel(app: App): Node[] {
  const { totals, lanes } = app.stream;
  const byKey = new Map(lanes.map((lane) => [lane.key, lane]));
  const rows = totals.lanes.flatMap((one) => {
    const lane = byKey.get(one.lane);
    return lane === undefined ? [] : [rowOf(app, lane, one)];
  });
  const facts = element(
    'dl',
    { class: 'facts' },
    ...factsOf(app).flatMap(([name, value]) => [element('dt', {}, name), element('dd', {}, value)]),
  );
  return [facts, table('Totals of each descriptor', HEADINGS, rows.slice(0, ROWS_MAX))];
}

function factsOf({ stream }: App): [string, string][] {
  const { batches, emptyWaits, asleep, inHandlers } = stream.totals;
  return [
    ['waits', eventCount(batches)],
    ['waits that brought nothing', eventCount(emptyWaits)],
    ['time asleep', share(asleep)],
    ['time in handlers', share(inHandlers)],
  ];
}

function rowOf(app: App, lane: Lane, of: LaneTotals): HTMLTableRowElement {
  const first = lane.events[0] ?? 0;
  const label = lane.label === '' ? '' : ` ${lane.label}`;
  return row([
    button({ class: 'plain' }, () => app.select(first), `${app.nameOf(lane)}${label}`),
    eventCount(of.reports),
    eventCount(of.handlers),
    of.handlerNs === undefined ? '–' : time(of.handlerNs),
    of.longestNs === undefined ? '–' : time(of.longestNs),
    eventCount(of.calls),
    eventCount(of.wouldBlocks),
    of.reports === 0 ? '–' : (of.calls / of.reports).toFixed(1),
    bytes(of.bytesRead),
    bytes(of.bytesWritten),
    eventCount(of.undrained),
  ]);
}
