// Colours: one hue for each family (blue, orange, grey to green), from the palette of Okabe and Ito
// that the colour-blind can distinguish; inside a family dashes and marks differ as well. Plots are
// drawn in the light colours; `adaptive` turns each into a variable that has a dark value too.
import type { ContenderInfo } from '../model.ts';

type Family = ContenderInfo['family'];
type Pair = readonly [light: string, dark: string];

export const INK: Pair = ['#1f2328', '#e6e8eb'];
export const FAINT: Pair = ['#59636e', '#a5adb6'];
export const LINE: Pair = ['#d5d9de', '#3b424a'];
export const PAPER: Pair = ['#ffffff', '#15181c'];

const FAMILIES: Readonly<Record<Family, { label: string; colours: readonly Pair[] }>> = {
  edgewise: {
    label: 'edgewise',
    colours: [
      ['#0060a8', '#5cb3ff'],
      ['#0091c7', '#35d0f0'],
      ['#4b58c9', '#9aa6ff'],
      ['#00418a', '#2f8be6'],
    ],
  },
  javascript: {
    label: 'JavaScript',
    colours: [
      ['#d55e00', '#ff9a4d'],
      ['#b07800', '#e6b422'],
      ['#b8437f', '#ec8dbd'],
      ['#8f3a00', '#d97a3a'],
    ],
  },
  native: {
    label: 'native',
    colours: [
      ['#4a4f55', '#c9ced4'],
      ['#00795a', '#2fc79c'],
      ['#6d737a', '#959ca4'],
      ['#5f7d1a', '#a9cc55'],
    ],
  },
};
const DASHES = ['solid', 'dashed', 'dotted'] as const;
const MARKS = ['circle', 'rect', 'triangle', 'diamond', 'emptyCircle', 'emptyRect'] as const;

/** How a contender looks, the same in every plot of one scenario. */
export interface Look {
  readonly family: Family;
  readonly familyLabel: string;
  readonly familyColour: string;
  readonly colour: string;
  readonly dash: (typeof DASHES)[number];
  readonly mark: (typeof MARKS)[number];
  readonly width: number;
}

/** The look by name of contender; any other name has the look of a native one. */
export function looksOf(contenders: readonly ContenderInfo[]): (name: string) => Look {
  const counts = { edgewise: 0, javascript: 0, native: 0 };
  const looks = new Map(
    contenders.map(({ name, family }) => [name, lookAt(family, counts[family]++)]),
  );
  return (name) => looks.get(name) ?? lookAt('native', 0);
}

function lookAt(family: Family, place: number): Look {
  const { label, colours } = FAMILIES[family];
  const colour = colours[place % colours.length] ?? INK;
  return {
    family,
    familyLabel: label,
    familyColour: colours[0]?.[0] ?? INK[0],
    colour: colour[0],
    dash: DASHES[Math.floor(place / colours.length) % DASHES.length] ?? 'solid',
    mark: MARKS[place % MARKS.length] ?? 'circle',
    width: family === 'edgewise' ? 3 : 1.6,
  };
}

const PAIRS: readonly Pair[] = [
  INK,
  FAINT,
  LINE,
  PAPER,
  ...Object.values(FAMILIES).flatMap(({ colours }) => colours),
];

function variable(light: string): string {
  return `--c${light.slice(1)}`;
}

/** A colour as CSS: the variable, with the light value where it is not defined. */
export function css([light]: Pair): string {
  return `var(${variable(light)},${light})`;
}

/** The definitions of the variables: light, and dark for dark screens (paper stays light). */
export function definitions(): string {
  const values = (at: 0 | 1) => PAIRS.map((pair) => `${variable(pair[0])}:${pair[at]}`).join(';');
  return `:root{${values(0)}}@media screen and (prefers-color-scheme:dark){:root{${values(1)}}}`;
}

/** Makes the colours of a plot follow the definitions. */
export function adaptive(svg: string): string {
  return svg.replace(/\b(fill|stroke)="(#[0-9a-f]{3,6})"/g, (whole, attribute, light) => {
    // Marks that are empty are filled by ECharts itself.
    const pair = light === '#fff' ? PAPER : PAIRS.find((one) => one[0] === light);
    return pair === undefined ? whole : `${attribute}="${css(pair)}"`;
  });
}
