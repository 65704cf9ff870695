// The summary: which contender wins where, and ours against the bases. A winner is named alone only if all
// others lie apart from it; those that do not are named beside it.

import { EFFECT_MIN } from '../compare/verdict.ts';
import { type Ratio, ratioOfMetric, spreadOfMetric } from '../measurements.ts';
import type { Case, Measurement, Metric, ScenarioInfo } from '../model.ts';
import { figure, ratioText, settingText } from './figures.ts';
import { html, type Markup } from './markup.ts';
import { casesOf, idOf, meritOf, ranked, type Words } from './words.ts';

export function summary(words: Words): Markup {
  const tables = words.results.scenarios.map((scenario) => summaryOf(words, scenario));
  return html`<section><h2 id="summary">Which contender wins where</h2>
<p>By the figure of merit of each scenario. Ratios are taken round by round within this run; below
1 means less cost (or, where more is better, less of it). Beside a ratio is its interval of 95 %, of
fewer than 6 rounds the lowest and highest. “=” and “level with” are no difference: the interval has
1 in it, or the ratio is less than ${EFFECT_MIN * 100} % off.</p>
${tables}</section>`;
}

function summaryOf(words: Words, scenario: ScenarioInfo): Markup | undefined {
  const metric = meritOf(scenario);
  const cases = casesOf(words, scenario);
  if (metric === undefined || cases.length === 0) return undefined;
  const heads = scenario.bases.map(
    (base) => html`<th scope="col" class="n">ours / ${words.label(base)}</th>`,
  );
  return html`<div class="wide" tabindex="0" role="region" aria-label="Summary: ${scenario.title}">
<table><caption>${scenario.title}: ${metric.label}, ${metric.better} is better</caption>
<thead><tr><th scope="col">case</th><th scope="col">best</th><th scope="col">best of ours</th>
${heads}</tr></thead>
<tbody>${cases.map((one) => row(words, scenario, one, metric))}</tbody></table></div>`;
}

function row(words: Words, scenario: ScenarioInfo, one: Case, metric: Metric): Markup {
  const order = ranked(one, metric);
  const best = order[0];
  const allOurs = order.filter(({ contender }) => words.isOurs(contender));
  const ours = allOurs[0];
  // Where the base is one of ours, the best of the others: nothing is compared with itself.
  const besides = (base: string) => allOurs.find(({ contender }) => contender !== base);
  const level =
    best === undefined ? [] : order.filter((other) => isLevel(other, best, metric.name));
  const beside = level.map(({ contender }) => words.label(contender)).join(', ');
  const name = settingText(one.setting) || scenario.title;
  return html`<tr><th scope="row"><a href="#${idOf(one)}">${name}</a></th>
<td>${named(words, best, metric)}${beside === '' ? undefined : html`<br><small>level with ${beside}</small>`}</td>
<td>${named(words, ours, metric)}</td>
${scenario.bases.map((base) => html`<td class="n">${ratioCell(one, besides(base), base, metric)}</td>`)}</tr>`;
}

function isLevel(other: Measurement, best: Measurement, metric: string): boolean {
  if (other === best) return false;
  const ratio = ratioOfMetric(other, best, metric);
  return ratio?.isEqual === true;
}

function named(words: Words, measurement: Measurement | undefined, metric: Metric): Markup {
  if (measurement === undefined) return html`–`;
  const { contender } = measurement;
  const median = spreadOfMetric(measurement, metric.name)?.median ?? 0;
  const mark = words.isOurs(contender) ? 'ours' : '';
  return html`<span class="${mark}">${words.label(contender)}</span> ${figure(median, metric.unit)}`;
}

/** The ratio of a measurement to a base, with its interval; a dash where one of them is missing. */
export function ratioCell(
  one: Case,
  measurement: Measurement | undefined,
  base: string,
  metric: Metric,
): Markup {
  const other = one.measurements.find(({ contender }) => contender === base);
  if (measurement === undefined || other === undefined || measurement === other) return html`–`;
  const ratio = ratioOfMetric(measurement, other, metric.name);
  if (ratio === undefined) return html`–`;
  const mark = ratio.isEqual ? '= ' : '';
  return html`${mark}${ratioText(ratio.median)}${between(ratio)}`;
}

function between({ low, high }: Ratio): Markup | undefined {
  return low === high ? undefined : html` <small>${low.toFixed(2)}..${high.toFixed(2)}</small>`;
}
