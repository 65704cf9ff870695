// The step panel: one event in a sentence, the rule that it is an example of, and what the reactor knew
// just after it.
import { namesOfBits } from '../src/readiness-names.ts';
import { LEVEL, TRIGGER_NAMES } from '../src/view/bits.ts';
import { valueAt } from '../src/view/intervals.ts';
import type { Lane, ReactorState, TraceFinding } from '../src/view/model.ts';
import { sentenceAt } from '../src/view/sentences.ts';
import { stateAt } from '../src/view/state.ts';
import { titleOf } from '../src/view/titles.ts';
import type { App, State } from './app.ts';
import { button, element, part, row, table } from './dom.ts';
import { bytes, eventCount, time } from './format.ts';
import { eventNameOf, findingTitle, fullNameOf, isGrave } from './names.ts';
import { ruleOf } from './rules.ts';

/** Registrations that are listed; there may be thousands. */
const LISTED_MAX = 40;

/** Shows the selected event. */
export function showStep(app: App): void {
  app.onChange((state, before) => {
    if (
      state.at === before.at &&
      state.stream === before.stream &&
      part('sentence').hasChildNodes()
    ) {
      return;
    }
    if (app.stream.count === 0) {
      part('sentence').textContent = 'Nothing was recorded.';
      return;
    }
    renderEvent(app, state);
    renderState(app, stateAt(app.stream, state.at));
  });
}

function renderEvent(app: App, { at }: State): void {
  const { stream, timeline, model } = app;
  const event = stream.eventAt(at);
  const lane = stream.lanes[stream.laneAt(at)] as Lane;
  const { trace } = model;
  part('which').replaceChildren(
    element('span', { class: 'kind' }, eventNameOf(event, trace)),
    element('span', { class: 'of' }, fullNameOf(lane)),
  );
  part('number').textContent =
    `Event ${eventCount(at + 1)} of ${eventCount(stream.count)}, at ${time(timeline.time[at] ?? 0)}`;
  part('sentence').textContent = sentenceAt(model, stream, at);
  const finding = stream.findings.find(({ from }) => from === at);
  part('notice').hidden = finding === undefined;
  if (finding !== undefined) {
    part('notice').replaceChildren(...noticeOf(finding));
    part('notice').classList.toggle('grave', isGrave(finding.code));
  }
  const trigger = valueAt(lane.triggers, at);
  const isUndrained = lane.hatches.some(({ from }) => from === at);
  const rule = ruleOf(event, trigger ?? LEVEL, isUndrained);
  const title = rule?.title ?? titleOf(event, trigger)?.heading;
  part('rule').hidden = title === undefined;
  if (title === undefined) return;
  part('rule').replaceChildren(
    ...(rule === undefined ? [] : [element('q', {}, rule.sentence)]),
    element('cite', {}, `docs/semantics.md, “${title}”`),
  );
}

/** What a finding says, as elements. */
function noticeOf({ code, what, fix }: TraceFinding): Node[] {
  return [
    element('strong', {}, findingTitle(code)),
    element('p', {}, what),
    element('p', { class: 'fix' }, fix),
  ];
}

function laneButton(app: App, key: string): Node {
  const lane = app.stream.lanes.find((one) => one.key === key);
  if (lane === undefined) return document.createTextNode(key);
  const label = lane.label === '' ? '' : ` ${lane.label}`;
  return element('span', { title: fullNameOf(lane) }, `${app.nameOf(lane)}${label}`);
}

function renderState(app: App, state: ReactorState): void {
  part('batch-now').replaceChildren(batchOf(app, state));
  part('requeued-now').textContent =
    state.requeued.length === 0
      ? 'Nothing is re-queued.'
      : `Re-queued: ${state.requeued.map((key) => shortName(app, key)).join(', ')}.`;
  part('registrations-now').replaceChildren(registrationsOf(app, state));
}

function shortName(app: App, key: string): string {
  const lane = app.stream.lanes.find((one) => one.key === key);
  return lane === undefined ? key : app.nameOf(lane);
}

const FATES = { handled: '', masked: 'no longer asked for', stale: 'stale', ghost: 'ghost' };

function batchOf(app: App, { batch, delivered, running }: ReactorState): HTMLElement {
  if (batch.length === 0) return element('p', { class: 'quiet' }, 'No report is being delivered.');
  const items = batch.slice(0, LISTED_MAX).map(({ at, readiness, fate }, index) => {
    const isDone = index < delivered;
    const isNow = index === delivered - 1 && running !== undefined;
    const status = isNow ? 'now' : isDone ? 'done' : 'next';
    const lane = app.stream.lanes[app.stream.laneAt(at)] as Lane;
    return element(
      'li',
      { class: status, 'aria-current': isNow ? 'true' : undefined },
      button({ class: 'plain' }, () => app.select(at), app.nameOf(lane)),
      ` ${namesOfBits(readiness)} `,
      element('small', {}, FATES[fate]),
    );
  });
  const more = batch.length - items.length;
  if (more > 0) items.push(element('li', { class: 'next' }, `and ${eventCount(more)} more`));
  return element('ol', { class: 'batch' }, ...items);
}

function registrationsOf(app: App, { registrations, running }: ReactorState): HTMLElement {
  if (registrations.length === 0) {
    return element('p', { class: 'quiet' }, 'Nothing is registered.');
  }
  const { stream } = app;
  const selected = stream.lanes[stream.laneAt(app.state.at)]?.key;
  const isFirst = ({ lane }: { lane: string }) => Number(lane !== selected);
  const listed = registrations.toSorted((one, other) => isFirst(one) - isFirst(other));
  const rows = listed.slice(0, LISTED_MAX).map((one) =>
    row(
      [
        laneButton(app, one.lane),
        `${namesOfBits(one.interest)}, ${TRIGGER_NAMES[one.trigger] ?? ''}`,
        one.ready === 0 ? '–' : namesOfBits(one.ready),
        one.queuedBytes === undefined ? '–' : bytes(one.queuedBytes),
      ],
      {
        class: one.lane === selected ? 'selected' : undefined,
        'data-running': one.lane === running ? true : undefined,
      },
    ),
  );
  const more = listed.length - rows.length;
  const made = table('Registrations', ['of', 'interest', 'ready', 'queued'], rows);
  if (more <= 0) return made;
  return element('div', {}, made, element('p', { class: 'quiet' }, `and ${eventCount(more)} more`));
}
