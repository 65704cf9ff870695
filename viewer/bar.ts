// The bar at the top: what the trace is, which reactor of it is shown, the filter, the axis.
import type { App, State } from './app.ts';
import { element, part } from './dom.ts';
import { eventCount, plural } from './format.ts';
import type { Axis } from './scale.ts';

/** Shows the bar. */
export function showBar(app: App): void {
  const { streams, trace } = app.model;
  const chooser = part<HTMLSelectElement>('stream');
  chooser.replaceChildren(
    ...streams.map(({ stream, findings }, index) => {
      const where = stream.thread === 0 ? 'main thread' : `thread ${stream.thread}`;
      const found = findings.length === 0 ? '' : `, ${plural(findings.length, 'finding')}`;
      return element('option', { value: index }, `Reactor ${index + 1}: ${where}${found}`);
    }),
  );
  part('stream-field').hidden = streams.length < 2;
  chooser.addEventListener('change', () => app.open(Number(chooser.value)));
  const filter = part<HTMLInputElement>('filter');
  filter.addEventListener('input', () => app.update({ filter: filter.value }));
  filter.addEventListener('keydown', ({ key }) => {
    if (key === 'Enter' || key === 'Escape') filter.blur();
    if (key === 'Escape') app.update({ filter: '' });
  });
  for (const axis of ['events', 'time'] as const) {
    part(`axis-${axis}`).addEventListener('click', () => app.setAxis(axis));
  }
  part('help').addEventListener('click', ({ target }) => {
    if (target === part('help')) part<HTMLDialogElement>('help').close();
  });
  part('close-help').addEventListener('click', () => part<HTMLDialogElement>('help').close());
  app.onChange((state) => render(app, state));
  part('process').textContent = `Process ${trace.pid}, Node ${trace.node}, ${trace.system}`;
  const taken = new Date(trace.takenAtMs);
  part('taken').textContent = taken.toISOString().replace('T', ' ').slice(0, 19);
}

function render(app: App, state: State): void {
  const { stream, count } = app.stream;
  const dropped = stream.dropped === 0 ? '' : `, ${eventCount(stream.dropped)} older ones dropped`;
  part('facts').textContent =
    `${plural(count, 'event')}${dropped}; level ${stream.level}, ${stream.backend}`;
  const filter = part<HTMLInputElement>('filter');
  if (filter.value !== state.filter) filter.value = state.filter;
  const { error, matches, count: passing } = app.filtered;
  filter.setAttribute('aria-invalid', String(error !== undefined));
  part('filter-status').textContent =
    error ?? (matches === undefined ? '' : `${plural(passing, 'event')} of ${eventCount(count)}`);
  part('filter-status').classList.toggle('wrong', error !== undefined);
  for (const axis of ['events', 'time'] satisfies Axis[]) {
    part(`axis-${axis}`).setAttribute('aria-pressed', String(state.axis === axis));
  }
}
