// Figures as people read them: three digits, and the unit that needs the fewest zeros.

const TIMES: readonly (readonly [unit: string, ns: number])[] = [
  ['s', 1e9],
  ['ms', 1e6],
  ['µs', 1e3],
  ['ns', 1],
];
const PREFIXES: readonly (readonly [prefix: string, factor: number])[] = [
  ['G', 1e9],
  ['M', 1e6],
  ['k', 1e3],
];

function digits(value: number): string {
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size < 0.001 || size >= 1e6) return value.toPrecision(3);
  return value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3);
}

/** `12.3 µs`, `1.20 M/s`, `512 B`. Times change their unit, other units take a prefix. */
export function figure(value: number, unit: string): string {
  const known = TIMES.find(([name]) => name === unit.replace(/^us$/, 'µs'));
  if (known !== undefined) {
    const ns = value * known[1];
    const [name, size] = TIMES.find(([, least]) => Math.abs(ns) >= least) ?? ['ns', 1];
    return `${digits(ns / size)} ${name}`;
  }
  const [prefix, factor] = PREFIXES.find(([, least]) => Math.abs(value) >= least) ?? ['', 1];
  return `${digits(value / factor)} ${prefix}${unit.replace(/^1\//, '/')}`.trimEnd();
}

/** `1.04 ×`. */
export function ratioText(ratio: number): string {
  return `${ratio >= 100 ? ratio.toFixed(0) : ratio.toFixed(2)} ×`;
}

/** The same for an axis, without zeros that say nothing: `1 k`, `15 µs`, `0`. */
export function axisFigure(value: number, unit: string): string {
  return value === 0
    ? '0'
    : figure(value, unit).replace(/\.0+(?= |$)|(\.\d*?[1-9])0+(?= |$)/, '$1');
}

/** `64 connections, 1024 B`: numbers before what they count, words as they are. */
export function settingText(setting: Readonly<Record<string, number | string>>): string {
  return Object.entries(setting)
    .map(([name, value]) => {
      if (typeof value !== 'number') return `${name} ${value}`;
      if (name === 'size') return `${value} B`;
      if (name === 'rate') return `${value} per second`;
      if (name === 'pipeline') return `${value} under way`;
      return `${value} ${value === 1 ? name.replace(/s$/, '') : name}`;
    })
    .join(', ');
}

/** For ids and names of files: small letters, digits and hyphens. */
export function slug(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');
}
