// Numbers as people read them.

const UNITS = [
  { ns: 1e9, name: 's' },
  { ns: 1e6, name: 'ms' },
  { ns: 1e3, name: 'µs' },
  { ns: 1, name: 'ns' },
] as const;
const KIB = 1024;

const groups = new Intl.NumberFormat('en-US');

/** `12,345` */
export function eventCount(count: number): string {
  return groups.format(Math.round(count));
}

/** `'1 event'`, `'2 events'`. */
export function plural(count: number, noun: string): string {
  return `${eventCount(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/** `'12.3 ms'`: nanoseconds in the unit that fits, exact to about `precision`. */
export function time(ns: number, precision = ns / 1000): string {
  if (ns === 0) return '0';
  const unit = UNITS.find((one) => Math.abs(ns) >= one.ns) ?? UNITS[3];
  const digits = Math.ceil(-Math.log10(Math.max(precision, 1) / unit.ns));
  return `${(ns / unit.ns).toFixed(Math.min(Math.max(digits, 0), 6))} ${unit.name}`;
}

/** `'1.5 KiB'` */
export function bytes(count: number): string {
  if (count < KIB) return `${count} B`;
  const power = Math.min(Math.floor(Math.log(count) / Math.log(KIB)), 3);
  return `${(count / KIB ** power).toFixed(1)} ${['B', 'KiB', 'MiB', 'GiB'][power]}`;
}

/** `'37 %'`; a dash when it is not known. */
export function share(part: number | undefined): string {
  return part === undefined ? '–' : `${Math.round(part * 100)} %`;
}
