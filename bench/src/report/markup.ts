// HTML by a tagged template that escapes whatever it is given, so that data cannot become markup.

/** Text that is markup already. Only `html` and `trusted` make one. */
export class Markup {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

type Part = string | number | Markup | undefined | readonly (Markup | undefined)[];

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

// XML has no place for the other control characters, nor UTF-8 for halves of pairs.
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
const UNWANTED = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\ud800-\udfff]/gu;

/** For text and for attributes in quotes, in HTML and in SVG. */
export function escapeText(text: string): string {
  return text
    .replace(UNWANTED, '\ufffd')
    .replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}

/** Markup that this program wrote itself: styles, plots. Never data. */
export function trusted(text: string): Markup {
  return new Markup(text);
}

/** Strings and numbers are escaped, markup is taken as it is, undefined is nothing. */
export function html(texts: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  return new Markup(texts.map((text, at) => text + textOf(parts[at])).join(''));
}

function textOf(part: Part): string {
  if (part === undefined) return '';
  if (part instanceof Markup) return part.text;
  if (typeof part === 'object') return part.map((item) => item?.text ?? '').join('\n');
  return escapeText(String(part));
}
