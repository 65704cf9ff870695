// What a trace file must hold to be read: it may be damaged, made by another version, or made to do harm.
// Lengths are checked where they are used (src/trace/data.ts): nothing is allocated for bytes that are not
// there.

type Check = (value: unknown) => boolean;

const isText: Check = (value) => typeof value === 'string';
const isCount: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
const isTime: Check = (value) => Number.isFinite(value) && (value as number) >= 0;
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const listOf =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check);
const namesOf =
  (check: Check): Check =>
  (value) =>
    isObject(value) && Object.values(value).every(check);
const partsOf =
  (parts: Readonly<Record<string, Check>>): Check =>
  (value) =>
    isObject(value) && Object.entries(parts).every(([name, check]) => check(value[name]));

const counted = { bytes: isCount, events: namesOf(isCount) };
const isCounts = partsOf({
  reactor: partsOf(counted),
  registrations: listOf(partsOf({ ...counted, fd: isCount, slot: isCount, generation: isCount })),
  earlier: partsOf(counted),
});
const isStream = partsOf({
  thread: isCount,
  backend: isText,
  level: isText,
  dropped: isCount,
  texts: listOf(isText),
  blocks: listOf(partsOf({ length: isCount, open: isCount })),
  counts: (value) => value === undefined || isCounts(value),
});
const isHeader = partsOf({
  node: isText,
  system: isText,
  pid: isCount,
  takenAtMs: isTime,
  takenAtNs: isTime,
  calls: listOf(isText),
  errors: namesOf(isText),
  streams: listOf(isStream),
});

/** @throws RangeError - it is of another version, or lacks what is read. */
export function checkHeader(header: unknown): void {
  const format = isObject(header) ? header.format : undefined;
  if (format !== 1) throw new RangeError(`its format is ${JSON.stringify(format)}, and not 1`);
  if (!isHeader(header)) throw new RangeError('its header is not as it should be');
}

/** @throws RangeError - the times of a block are none. */
export function checkTimes(times: Float64Array): void {
  if (!times.every(isTime)) throw new RangeError('its times are not as they should be');
}
