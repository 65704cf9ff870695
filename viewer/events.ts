// The lanes as a table: each event with its time, its descriptor and its sentence. It has what the picture
// has, for those that see no picture; a part of it at a time, since there may be 200,000.

import type { Lane } from '../src/view/model.ts';
import { sentenceAt } from '../src/view/sentences.ts';
import type { App } from './app.ts';
import { button, element, row, table } from './dom.ts';
import { eventCount, time } from './format.ts';
import { eventNameOf, fullNameOf } from './names.ts';
import { eventsAround } from './order.ts';

/** The panel of the table. */
export function eventsPanel(app: App): Node[] {
  const { stream, filtered, timeline, model, state } = app;
  const { at } = state;
  const rows = eventsAround(at, stream.count, filtered.matches).map((number) => {
    const event = stream.eventAt(number);
    const lane = stream.lanes[stream.laneAt(number)] as Lane;
    const choose = button({ class: 'plain' }, () => app.select(number), eventCount(number + 1));
    const of = element('span', { title: fullNameOf(lane) }, app.nameOf(lane));
    return row(
      [
        choose,
        time(timeline.time[number] ?? 0),
        of,
        eventNameOf(event, model.trace),
        sentenceAt(model, stream, number),
      ],
      { class: number === at ? 'selected' : undefined, 'aria-current': number === at || undefined },
    );
  });
  const { count, matches } = filtered;
  const passing = matches === undefined ? '' : `, ${eventCount(count)} pass the filter`;
  const caption = `Events around the selected one, of ${eventCount(stream.count)}${passing}`;
  return [table(caption, ['number', 'time', 'of', 'what', 'in words'], rows)];
}
