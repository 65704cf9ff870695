// Makes elements. Texts are texts: nothing that a trace holds becomes markup.

type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

/** An element with attributes (true: without a value; undefined or false: left out) and what is in it. */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...content: readonly (Node | string)[]
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    made.setAttribute(name, value === true ? '' : String(value));
  }
  made.append(...content);
  return made;
}

/** A button that does something. */
export function button(
  attributes: Attributes,
  onClick: () => void,
  ...content: readonly (Node | string)[]
): HTMLButtonElement {
  const made = element('button', { type: 'button', ...attributes }, ...content);
  made.addEventListener('click', onClick);
  return made;
}

/** The element of the page with an id. */
export function part<Of extends HTMLElement = HTMLElement>(id: string): Of {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no #${id}`);
  return found as Of;
}

/** A table: a caption for those that do not see where it is, headings, rows of cells. */
export function table(
  caption: string,
  headings: readonly string[],
  rows: readonly HTMLTableRowElement[],
): HTMLTableElement {
  const head = element('tr', {}, ...headings.map((text) => element('th', { scope: 'col' }, text)));
  return element(
    'table',
    {},
    element('caption', {}, caption),
    element('thead', {}, head),
    element('tbody', {}, ...rows),
  );
}

/** A row of cells; those that are numbers are aligned as numbers. */
export function row(
  cells: readonly (Node | string | number)[],
  attributes: Attributes = {},
): HTMLTableRowElement {
  return element(
    'tr',
    attributes,
    ...cells.map((cell) =>
      element(
        'td',
        { class: isNumber(cell) ? 'number' : undefined },
        typeof cell === 'number' ? String(cell) : cell,
      ),
    ),
  );
}

function isNumber(cell: Node | string | number): boolean {
  return typeof cell === 'number' || (typeof cell === 'string' && /^[\d–]/.test(cell));
}
