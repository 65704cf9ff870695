// What is wrong in the trace: a line for each at the top of the page, and all of them in a panel.
import type { TraceFinding } from '../src/view/model.ts';
import type { App } from './app.ts';
import { button, element, part, row, table } from './dom.ts';
import { eventCount } from './format.ts';
import { findingTitle, isGrave } from './names.ts';
import { graveFirst } from './order.ts';

/** As many are at the top of the page. */
const FIRST = 3;
const ROWS_MAX = 500;

/** Shows the first findings at the top of the page. */
export function showFindings(app: App): void {
  app.onChange((state, before) => {
    const list = part('findings');
    if (list.hasChildNodes() && state.stream === before.stream && state.at === before.at) return;
    const { findings } = app.stream;
    if (findings.length === 0) {
      list.replaceChildren(
        element('p', { class: 'fine' }, '✓ Nothing was found to be wrong in what was recorded.'),
      );
      return;
    }
    const items = graveFirst(findings)
      .slice(0, FIRST)
      .map((finding) => lineOf(app, finding));
    const more = findings.length - FIRST;
    if (more > 0) items.push(moreButton(app, more));
    list.replaceChildren(...items);
  });
}

function lineOf(app: App, finding: TraceFinding): HTMLElement {
  const isHere = app.state.at === finding.from;
  return button(
    {
      class: `finding${isGrave(finding.code) ? ' grave' : ''}`,
      'aria-current': isHere ? 'true' : undefined,
    },
    () => app.visit(finding),
    element('strong', {}, findingTitle(finding.code)),
    element('span', {}, finding.what),
    element('small', {}, `event ${eventCount(finding.from + 1)}`),
  );
}

function moreButton(app: App, more: number): HTMLElement {
  const text = `and ${eventCount(more)} more`;
  return button({ class: 'more' }, () => app.update({ panel: 'findings' }), text);
}

/** The panel. */
export function findingsPanel(app: App): Node[] {
  const { findings } = app.stream;
  if (findings.length === 0) {
    return [element('p', { class: 'quiet' }, 'Nothing was found to be wrong.')];
  }
  const rows = findings
    .slice(0, ROWS_MAX)
    .map((finding) =>
      row(
        [
          button({ class: 'plain' }, () => app.visit(finding), eventCount(finding.from + 1)),
          element('strong', {}, findingTitle(finding.code)),
          nameOfLane(app, finding),
          finding.what,
          finding.fix,
        ],
        { class: app.state.at === finding.from ? 'selected' : undefined },
      ),
    );
  const headings = ['event', 'finding', 'of', 'what is wrong', 'what to do'];
  return [table(`Findings: ${eventCount(findings.length)}`, headings, rows)];
}

function nameOfLane(app: App, { lane: key }: TraceFinding): string {
  const lane = app.stream.lanes.find((one) => one.key === key);
  return lane === undefined ? key : app.nameOf(lane);
}
