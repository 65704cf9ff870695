// All plots of a run, scenario by scenario: cost against its axis, then bars and latency per case.
import type { Case, Results, ScenarioInfo } from '../model.ts';
import { drawBars } from './bars.ts';
import { type Drawn, standalone } from './draw.ts';
import { drawLatency } from './latency.ts';
import { drawSweep, sweepsOf, sweepTitle } from './scaling.ts';
import { casesOf, commandFor, curvesOf, meritOf, titleOf, type Words, wordsOf } from './words.ts';

export interface Plot {
  /** Unique in a run: the name of its file, without `.svg`. */
  readonly name: string;
  readonly title: string;
  /** Measures again what the plot shows. */
  readonly command: string;
  readonly svg: string;
}

/**
 * The plots as files of their own, for light and dark pages.
 *
 * The same results make the same bytes.
 * @throws ResultsError - a histogram cannot be read.
 */
export function plotsOf(results: Results): readonly Plot[] {
  const words = wordsOf(results);
  return results.scenarios
    .flatMap((scenario) => [
      ...scenarioPlots(words, scenario),
      ...casesOf(words, scenario).flatMap((one) => casePlots(words, scenario, one)),
    ])
    .map((plot) => ({ ...plot, svg: standalone(plot.svg) }));
}

/** The setting that stands for a scenario, where it was measured. */
const USUAL = { connections: 64, size: 64 };

/**
 * What a reader wants to see first: the figure of merit of all contenders, in the first scenario that was
 * measured (TCP echo, when it was), with 64 connections and messages of 64 bytes.
 */
export function headlinePlot(words: Words): Plot | undefined {
  const first = words.results.scenarios.find((each) =>
    casesOf(words, each).some(({ measurements }) => measurements.length > 0),
  );
  if (first === undefined) return undefined;
  const cases = casesOf(words, first).filter(({ measurements }) => measurements.length > 0);
  const isUsual = ({ setting }: Case) =>
    Object.entries(USUAL).every(([name, value]) => setting[name] === value);
  const one = cases.find(isUsual) ?? cases[0];
  return one && casePlots(words, first, one)[0];
}

/** For a page that has the colours already. */
export function scenarioPlots(words: Words, scenario: ScenarioInfo): readonly Plot[] {
  const metric = meritOf(scenario);
  if (metric === undefined) return [];
  return sweepsOf(words, scenario).flatMap((sweep) => {
    const title = sweepTitle(scenario, sweep, metric);
    return plot(
      title,
      commandFor(scenario.name, sweep.cases),
      drawSweep(words, scenario, sweep, metric),
    );
  });
}

/** For a page that has the colours already. */
export function casePlots(words: Words, scenario: ScenarioInfo, one: Case): readonly Plot[] {
  const metric = meritOf(scenario);
  const command = commandFor(scenario.name, [one]);
  const title = titleOf(scenario, one);
  return [
    ...(metric === undefined
      ? []
      : plot(`${title}: ${metric.label}`, command, drawBars(words, scenario, one, metric))),
    ...plot(latencyTitle(words, title, one), command, drawLatency(words, scenario, one)),
  ];
}

function latencyTitle(words: Words, title: string, one: Case): string {
  const count = one.measurements.length;
  const shown = curvesOf(words, one).length;
  const part = shown < count ? `, ${shown} of ${count} contenders` : '';
  return `${title}: latency by percentile, of all rounds together${part}`;
}

function plot(title: string, command: string, drawn: Drawn | undefined): readonly Plot[] {
  return drawn === undefined ? [] : [{ ...drawn, title, command }];
}
