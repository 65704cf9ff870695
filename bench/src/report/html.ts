// The report: one file, which asks the network for nothing and runs no script.

import { BANNER, isRunDisturbed, loadLines } from '../disturbance.ts';
import type { Case, Results, ScenarioInfo } from '../model.ts';
import { type Changes, changesSection } from './changes.ts';
import { slug } from './figures.ts';
import { html, type Markup, trusted } from './markup.ts';
import { casePlots, headlinePlot, type Plot, scenarioPlots } from './plots.ts';
import { STYLE } from './style.ts';
import { summary } from './summary.ts';
import { caseTable, disturbance, failures, ioUrings, retries, syscalls } from './tables.ts';
import { casesOf, idOf, titleOf, type Words, wordsOf } from './words.ts';

/**
 * The whole report as a document.
 *
 * The same results make the same bytes.
 * @throws ResultsError - a histogram cannot be read.
 */
export function toHtml(results: Results, changes: readonly Changes[] = []): string {
  const words = wordsOf(results);
  const headline = headlinePlot(words);
  const hasCases = results.cases.length > 0;
  const page = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>edgewise: benchmark report</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<link rel="icon" href="data:,"><style>${trusted(STYLE)}</style></head><body>
<header><h1>edgewise: benchmark report</h1>
<p>Measured ${results.startedAt}, in ${Math.round(results.seconds)} s, by</p>
<pre><code>${results.command}</code></pre></header>
<main>${banner(results)}${headline && figureOf(headline)}
${changes.map(changesSection)}
${hasCases ? summary(words) : html`<p>Nothing was measured.</p>`}
${contents(words)}${machine(words)}${missing(words)}
${results.scenarios.map((scenario) => section(words, scenario, headline))}</main></body></html>
`;
  return page.text;
}

function banner(results: Results): Markup | undefined {
  if (!isRunDisturbed(results)) return undefined;
  return html`<div class="banner" role="note"><p><strong>Disturbed.</strong> ${BANNER}</p>
<ul>${loadLines(results).map((line) => html`<li>${line}</li>`)}</ul></div>`;
}

function contents(words: Words): Markup | undefined {
  const scenarios = words.results.scenarios.filter((one) => casesOf(words, one).length > 0);
  if (scenarios.length === 0) return undefined;
  return html`<nav aria-label="Scenarios"><ul>${scenarios.map(
    ({ name, title }) => html`<li><a href="#scenario-${slug(name)}">${title}</a></li>`,
  )}</ul></nav>`;
}

function machine({ results }: Words): Markup {
  const { kernel, cpu, cpus, node, libuv, ioUring, edgewise, pinning } = results.machine;
  const facts = Object.entries({
    CPU: `${cpu}, ${cpus} CPUs`,
    kernel,
    pinning,
    'other work': loadLines(results).join('; '),
    'Node.js': node,
    libuv: `${libuv}, io_uring of the suite: ${ioUring}`,
    edgewise,
  });
  return html`<section><h2 id="machine">The machine</h2>
<dl>${facts.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>
<div class="wide" tabindex="0" role="region" aria-label="Contenders"><table>
<caption>Contenders and their versions</caption>
<thead><tr><th scope="col">contender</th><th scope="col">name</th><th scope="col">family</th>
<th scope="col">version</th></tr></thead><tbody>${results.contenders.map(
    ({ label, name, family, version }) => html`<tr><th scope="row">${label}</th>
<td><code>${name}</code></td><td>${family}</td><td>${version}</td></tr>`,
  )}</tbody></table></div></section>`;
}

function missing({ results }: Words): Markup | undefined {
  if (results.missing.length === 0) return undefined;
  return html`<section><h2 id="missing">Not measured</h2>
<p>These were not found on the machine.</p>
<dl>${results.missing.map(
    ({ name, reason, install }) =>
      html`<dt>${name}</dt><dd>${reason}<br><code>${install}</code></dd>`,
  )}</dl></section>`;
}

function section(words: Words, scenario: ScenarioInfo, headline?: Plot): Markup | undefined {
  const cases = casesOf(words, scenario);
  if (cases.length === 0) return undefined;
  return html`<section><h2 id="scenario-${slug(scenario.name)}">${scenario.title}</h2>
<p>One operation: ${scenario.operation}.</p>
${scenarioPlots(words, scenario).map(figureOf)}
${cases.map((one) => caseSection(words, scenario, one, headline))}</section>`;
}

// A plot that is on top of the page already is not in its section again.
function caseSection(words: Words, scenario: ScenarioInfo, one: Case, headline?: Plot): Markup {
  const plots = casePlots(words, scenario, one).filter(({ name }) => name !== headline?.name);
  return html`<section><h3 id="${idOf(one)}">${titleOf(scenario, one)}</h3>
${failures(words, one)}${retries(words, one)}${disturbance(one)}${caseTable(words, scenario, one)}
${plots.map(figureOf)}${ioUrings(words, one)}${syscalls(words, one)}</section>`;
}

function figureOf({ title, command, svg }: Plot): Markup {
  return html`<figure><figcaption>${title}</figcaption>
<div class="wide" tabindex="0" role="region" aria-label="Plot: ${title}">${trusted(svg)}</div>
<pre><code>${command}</code></pre></figure>`;
}
