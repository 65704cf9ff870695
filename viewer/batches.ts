// The panel of a batch: what one wait brought, in order, and what became of each report.
import type { App } from './app.ts';
import { othersOf, rowsOfBatch } from './batch-rows.ts';
import { button, element, row, table } from './dom.ts';
import { bytes, eventCount, plural, time } from './format.ts';
import { fullNameOf } from './names.ts';

const ROWS_MAX = 200;

/** The panel. */
export function batchPanel(app: App): Node[] {
  const { stream, state } = app;
  const batch = stream.batchAt(state.at);
  const count = stream.batches.length;
  const slider = element('input', {
    type: 'range',
    min: 1,
    max: Math.max(count, 1),
    value: batch + 1,
    'aria-label': 'Batch',
  });
  slider.addEventListener('input', () => {
    const chosen = stream.batches[Number(slider.value) - 1];
    if (chosen !== undefined) app.select(chosen.from);
  });
  if (batch < 0) {
    const text =
      count === 0 ? 'No wait was recorded.' : 'The selected event is before the first wait.';
    return [slider, element('p', { class: 'quiet' }, text)];
  }
  const rows = rowsOfBatch(stream, batch);
  const head = `Batch ${eventCount(batch + 1)} of ${eventCount(count)}: ${plural(rows.length, 'report')}.`;
  const headings = ['event', 'of', 'reported', 'what it became', 'handler', 'time', 'bytes'];
  const cells = rows
    .slice(0, ROWS_MAX)
    .map((one) =>
      row(
        [
          button({ class: 'plain' }, () => app.select(one.at), eventCount(one.at + 1)),
          element('span', { title: fullNameOf(one.lane) }, app.nameOf(one.lane)),
          one.readiness,
          one.fate,
          one.outcome === '' ? '–' : one.outcome,
          one.handlerNs === undefined ? '–' : time(one.handlerNs),
          one.bytes === undefined ? '–' : bytes(one.bytes),
        ],
        { class: state.at === one.at ? 'selected' : undefined },
      ),
    );
  return [
    slider,
    element('p', {}, head + othersOf(stream, batch)),
    table('What the wait brought, in order', headings, cells),
  ];
}
