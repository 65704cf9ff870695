// A trace as one page that needs nothing else: the template that `npm run build -- viewer` makes of
// viewer/, with the bytes of the trace's file in it.
import { readFileSync } from 'node:fs';

/** From src/ as well as from dist/. */
const TEMPLATE = new URL('../../dist/view/page.html', import.meta.url);
const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '"': '&quot;' };

/**
 * Makes the page of a trace.
 *
 * @param file - the bytes of a trace file, as `encodeTrace` makes them.
 * @param name - the title of the page, such as the name of the file.
 */
export function pageOf(file: Uint8Array, name: string): string {
  const parts: Readonly<Record<string, string>> = {
    name: name.replaceAll(/[&<"]/g, (letter) => ENTITIES[letter] ?? letter),
    trace: Buffer.from(file.buffer, file.byteOffset, file.byteLength).toString('base64'),
  };
  const template = readFileSync(TEMPLATE, 'utf8');
  return template.replaceAll(/\{\{(name|trace)\}\}/g, (_, part: string) => parts[part] ?? '');
}
