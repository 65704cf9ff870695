// The page of a trace. It reads the trace that is in it, and shows what is in the model of src/view/.
import { modelOf } from '../src/view/build.ts';
import { App } from './app.ts';
import { showBar } from './bar.ts';
import { part } from './dom.ts';
import { filterEvents } from './filter.ts';
import { showFindings } from './findings.ts';
import { takeKeys } from './keys.ts';
import { Lanes } from './lanes.ts';
import { showLegend } from './legend.ts';
import { showPanels } from './panels.ts';
import { showStep } from './step.ts';
import { unpack } from './unpack.ts';

async function show(): Promise<void> {
  const trace = await unpack(part('trace').textContent ?? '');
  part('trace').textContent = '';
  if (trace.streams.length === 0) throw new Error('no reactor was recorded');
  const app = new App(modelOf(trace), filterEvents);
  part('page').hidden = false;
  part('loading').hidden = true;
  const lanes = new Lanes(app);
  showBar(app);
  showFindings(app);
  showStep(app);
  showPanels(app);
  showLegend();
  takeKeys(app, lanes);
  app.width = lanes.measure();
  app.open(0);
  app.render();
  // For the test of how long it takes.
  document.documentElement.dataset.drawnMs = performance.now().toFixed(0);
}

show().catch((error: unknown) => {
  part('loading').textContent = `This trace cannot be shown: ${(error as Error).message}`;
});
