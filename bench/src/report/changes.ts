// What a run is compared with, its baseline or an earlier run, as a section of the report.
import { CHANGE_HEAD, type Comparison, changeCells, tallyOf } from '../compare.ts';
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
${differences.length === 0 ? undefined : table(title, comparison)}
${notes.length === 0 ? undefined : html`<ul>${notes.map((note) => html`<li>${note}</li>`)}</ul>`}</section>`;
}

function table(title: string, { differences }: Comparison): Markup {
  const rows = differences.map((one) => {
    const [name = '', ...cells] = changeCells(one);
    const mark = one.verdict === 'no difference' ? '' : 'ours';
    return html`<tr><th scope="row"><span class="${mark}">${name}</span></th>
${cells.map((cell) => html`<td class="n">${cell}</td>`)}</tr>`;
  });
  return html`<div class="wide" tabindex="0" role="region" aria-label="${title}"><table>
<caption>More is more cost, in per cent; bold: larger than the noise</caption>
<thead><tr>${CHANGE_HEAD.map((head, at) => html`<th scope="col" class="${at === 0 ? '' : 'n'}">${head}</th>`)}</tr></thead>
<tbody>${rows}</tbody></table></div>`;
}
