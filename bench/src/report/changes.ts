// What a run is compared with, its baseline or an earlier run, as a section of the report.
import { countOf } from '../../../src/plural.ts';
import { CHANGE_HEAD, type Comparison, changeCells, type Difference, tallyOf } from '../compare.ts';
import { html, type Markup } from './markup.ts';

export interface Changes {
  /** `Against the baseline` */
  readonly title: string;
  readonly comparison: Comparison;
}

export function changesSection({ title, comparison }: Changes): Markup {
  const { differences, warnings, skipped } = comparison;
  const notes = [
    ...warnings.map((text) => `warning: ${text}`),
    ...skipped.map((text) => `not compared: ${text}`),
  ];
  return html`<section><h2>${title}</h2>
<p>${differences.length === 0 ? 'Nothing could be compared.' : tallyOf(comparison)}. Costs are ratios to a
contender of the same rounds, so that a machine that is slower today does not count.</p>
${differences.length === 0 ? undefined : tables(title, comparison)}
${notes.length === 0 ? undefined : html`<ul>${notes.map((note) => html`<li>${note}</li>`)}</ul>`}</section>`;
}

// What is larger than the noise is seen at once, and the rest when it is asked for.
function tables(title: string, { differences }: Comparison): Markup {
  const found = differences.filter(({ verdict }) => verdict !== 'no difference');
  const rest = differences.filter(({ verdict }) => verdict === 'no difference');
  const all = countOf(rest.length, 'comparison');
  return html`${found.length === 0 ? undefined : table(title, found)}
${rest.length === 0 ? undefined : html`<details><summary>${all} within the noise</summary>${table(title, rest)}</details>`}`;
}

function table(title: string, differences: readonly Difference[]): Markup {
  const rows = differences.map((one) => {
    const [name = '', ...cells] = changeCells(one);
    return html`<tr><th scope="row">${name}</th>
${cells.map((cell) => html`<td class="n">${cell}</td>`)}</tr>`;
  });
  return html`<div class="wide" tabindex="0" role="region" aria-label="${title}"><table>
<caption>More is more cost, in per cent</caption>
<thead><tr>${CHANGE_HEAD.map((head, at) => html`<th scope="col" class="${at === 0 ? '' : 'n'}">${head}</th>`)}</tr></thead>
<tbody>${rows}</tbody></table></div>`;
}
