// Which lane is where: lanes under the title of their group, from top to bottom. Pinned ones come first.
import type { Lane } from '../src/view/model.ts';
import { GROUPS, REACTOR_KEY } from './names.ts';

/** A lane, or the title of a group, and where it is. */
export type Row = { readonly y: number; readonly height: number } & (
  | { readonly type: 'title'; readonly text: string }
  | { readonly type: 'lane'; readonly lane: Lane; readonly index: number }
);

/** The row of a lane. */
export type LaneRow = Extract<Row, { type: 'lane' }>;

const TITLE_HEIGHT = 26;
const LANE_HEIGHT = 88;
const REACTOR_HEIGHT = 62;

interface Group {
  readonly title: string;
  readonly lanes: readonly number[];
}

/**
 * The rows of a page.
 *
 * @param isShown - whether a lane, by its place, passes the filter.
 */
export function rowsOf(
  lanes: readonly Lane[],
  pinned: readonly string[],
  isShown: (index: number) => boolean,
): Row[] {
  const rows: Row[] = [];
  let y = 0;
  const add = (
    height: number,
    row: { type: 'title'; text: string } | Omit<LaneRow, 'y' | 'height'>,
  ) => {
    rows.push({ ...row, y, height });
    y += height;
  };
  for (const { title, lanes: all } of groupsOf(lanes, pinned, isShown)) {
    add(TITLE_HEIGHT, { type: 'title', text: `${title} (${all.length})` });
    for (const index of all) {
      const lane = lanes[index] as Lane;
      const height = lane.key === REACTOR_KEY ? REACTOR_HEIGHT : LANE_HEIGHT;
      add(height, { type: 'lane', lane, index });
    }
  }
  return rows;
}

function groupsOf(
  lanes: readonly Lane[],
  pinned: readonly string[],
  isShown: (index: number) => boolean,
): Group[] {
  const shown = [...lanes.keys()].filter(isShown);
  const isPinned = (index: number) => pinned.includes(lanes[index]?.key ?? '');
  const free = shown.filter((index) => !isPinned(index));
  const ofRole = (role: number) =>
    free.filter((index) => lanes[index]?.key !== REACTOR_KEY && lanes[index]?.role === role);
  const groups = [
    { title: 'Pinned', lanes: shown.filter(isPinned) },
    { title: 'Reactor', lanes: free.filter((index) => lanes[index]?.key === REACTOR_KEY) },
    ...GROUPS.map(({ role, title }) => ({ title, lanes: ofRole(role) })),
  ];
  return groups.filter(({ lanes: { length } }) => length > 0);
}

/** How high all rows are together. */
export function heightOf(rows: readonly Row[]): number {
  const last = rows.at(-1);
  return last === undefined ? 0 : last.y + last.height;
}

/** The rows that are at least partly between `top` and `bottom`. */
export function rowsBetween(rows: readonly Row[], top: number, bottom: number): Row[] {
  return rows.filter(({ y, height }) => y < bottom && y + height > top);
}
