// The panels below the lanes, one at a time, chosen by tabs: arrow keys go from tab to tab, as those of
// a system do.
import type { App, Panel, State } from './app.ts';
import { batchPanel } from './batches.ts';
import { part } from './dom.ts';
import { eventsPanel } from './events.ts';
import { findingsPanel } from './findings.ts';
import { totalsPanel } from './totals.ts';

const PANELS: readonly { readonly name: Panel; readonly make: (app: App) => Node[] }[] = [
  { name: 'events', make: eventsPanel },
  { name: 'batch', make: batchPanel },
  { name: 'findings', make: findingsPanel },
  { name: 'totals', make: totalsPanel },
];
const STEPS: Readonly<Record<string, number>> = { ArrowRight: 1, ArrowLeft: -1 };

/** Shows the panel that is chosen. */
export function showPanels(app: App): void {
  PANELS.forEach(({ name }, index) => {
    const tab = part(`tab-${name}`);
    tab.addEventListener('click', () => app.update({ panel: name }));
    tab.addEventListener('keydown', (event) => {
      const step = STEPS[event.key];
      if (step === undefined) return;
      event.stopPropagation();
      const next = PANELS[(index + step + PANELS.length) % PANELS.length]?.name ?? name;
      app.update({ panel: next });
      part(`tab-${next}`).focus();
    });
  });
  app.onChange((state) => render(app, state));
}

function render(app: App, { panel }: State): void {
  for (const { name, make } of PANELS) {
    const isShown = name === panel;
    const tab = part(`tab-${name}`);
    tab.setAttribute('aria-selected', String(isShown));
    tab.tabIndex = isShown ? 0 : -1;
    if (!isShown) continue;
    const shown = part('panel');
    shown.setAttribute('aria-labelledby', `tab-${name}`);
    keepFocus(shown, () => shown.replaceChildren(...make(app)));
  }
}

// What is made anew takes the focus of what was in its place.
function keepFocus(within: HTMLElement, change: () => void): void {
  const focusable = () => [...within.querySelectorAll<HTMLElement>('button, input')];
  const index = focusable().indexOf(document.activeElement as HTMLElement);
  change();
  if (index >= 0) focusable()[index]?.focus();
}
