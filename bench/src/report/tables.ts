// The tables of one case: every contender with every metric, what failed, and the system calls.

import { disturbanceText, isDisturbed } from '../disturbance.ts';
import { retriesOf, spreadOfMetric } from '../measurements.ts';
import type { Case, Measurement, Metric, ScenarioInfo } from '../model.ts';
import { figure } from './figures.ts';
import { html, type Markup } from './markup.ts';
import { ratioCell } from './summary.ts';
import { meritOf, ranked, titleOf, type Words } from './words.ts';

export function caseTable(words: Words, scenario: ScenarioInfo, one: Case): Markup {
  if (one.measurements.length === 0) return html`<p>No contender was measured.</p>`;
  const merit = meritOf(scenario);
  const others = scenario.metrics.filter(({ name }) => name !== merit?.name);
  const order = merit === undefined ? [] : ranked(one, merit);
  const unranked = one.measurements.filter((measurement) => !order.includes(measurement));
  const bases = merit === undefined ? [] : scenario.bases;
  const metrics = [...(merit === undefined ? [] : [merit]), ...others];
  const title = titleOf(scenario, one);
  const shown = metrics.filter((metric) =>
    one.measurements.some((measurement) => spreadOfMetric(measurement, metric.name) !== undefined),
  );
  return html`<div class="wide" tabindex="0" role="region" aria-label="Table: ${title}"><table>
<caption>${title}: medians of the rounds, also of percentiles; below, least to most</caption>
<thead><tr><th scope="col">contender</th>
${bases.map((base) => html`<th scope="col" class="n">/ ${words.label(base)}</th>`)}
${shown.map(({ label }) => html`<th scope="col" class="n">${label}</th>`)}</tr></thead>
<tbody>${[...order, ...unranked].map(
    (measurement) => html`<tr><th scope="row">${nameOf(words, measurement)}</th>
${bases.map((base) => html`<td class="n">${merit && ratioCell(one, measurement, base, merit)}</td>`)}
${shown.map((metric) => html`<td class="n">${cell(measurement, metric)}</td>`)}</tr>`,
  )}</tbody></table></div>`;
}

function nameOf(words: Words, { contender }: Measurement): Markup {
  const name = words.label(contender);
  return words.isOurs(contender) ? html`<span class="ours">${name}</span>` : html`${name}`;
}

function cell(measurement: Measurement, { name, unit }: Metric): Markup {
  const spread = spreadOfMetric(measurement, name);
  if (spread === undefined) return html`–`;
  const { median, min, max } = spread;
  const rest = html`<br><small>${figure(min, unit)}..${figure(max, unit)}</small>`;
  return html`${figure(median, unit)}${min === max ? undefined : rest}`;
}

export function failures(words: Words, one: Case): Markup | undefined {
  const all = Object.entries(one.failures);
  if (all.length === 0) return undefined;
  return html`<p>Failed:</p><ul>${all.map(
    ([name, reason]) => html`<li><strong>${words.label(name)}</strong>: ${reason}</li>`,
  )}</ul>`;
}

export function retries(words: Words, one: Case): Markup | undefined {
  const all = one.measurements.flatMap((measurement) =>
    retriesOf(measurement).map((line) => html`<li>${nameOf(words, measurement)}: ${line}</li>`),
  );
  return all.length === 0 ? undefined : html`<p>Failed once:</p><ul>${all}</ul>`;
}

export function disturbance(one: Case): Markup | undefined {
  return isDisturbed([one]) ? html`<p><strong>${disturbanceText([one])}</strong></p>` : undefined;
}

export function ioUrings(words: Words, one: Case): Markup | undefined {
  const all = one.measurements.filter((measurement) => measurement.ioUrings);
  if (all.length === 0) return undefined;
  return html`<p>io_urings that a process holds:</p><ul>${all.map(
    (measurement) => html`<li>${nameOf(words, measurement)}: ${measurement.ioUrings ?? 0}</li>`,
  )}</ul>`;
}

export function syscalls(words: Words, one: Case): Markup | undefined {
  const counted = one.measurements.filter((measurement) => measurement.syscalls !== undefined);
  if (counted.length === 0) return undefined;
  return html`<p>System calls per operation:</p><ul>${counted.map(
    (measurement) => html`<li>${nameOf(words, measurement)}: ${callsOf(measurement)}</li>`,
  )}</ul>`;
}

function callsOf({ syscalls: calls = {} }: Measurement): string {
  const text = Object.entries(calls)
    .sort(([a, left], [b, right]) => right - left || (a < b ? -1 : 1))
    .map(([name, count]) => `${name} ${figure(count, '')}`)
    .join(', ');
  return text === '' ? 'none' : text;
}
