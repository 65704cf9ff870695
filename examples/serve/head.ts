// Reads the head of a request (RFC 9112, sections 2 to 7). What is not exactly as the grammar says
// is refused: where a proxy and a server read one request in two ways, a second one is smuggled in.
import { Refusal } from './response.ts';

const HEAD_LENGTH_MAX = 16_384;
const TARGET_LENGTH_MAX = 4_096;
const FIELD_COUNT_MAX = 100;
const REQUEST_LINE = /^([!#$%&'*+.^_`|~\dA-Za-z-]+) ([\x21-\x7e]+) HTTP\/(\d)\.(\d)$/;
const FIELD_LINE = /^([!#$%&'*+.^_`|~\dA-Za-z-]+):([\t\x20-\x7e\x80-\xff]*)$/;

/** By lower-case name; several lines of one name are joined by commas. */
export type Fields = Readonly<Record<string, string | undefined>>;

export interface Request {
  readonly method: string;
  readonly target: string;
  readonly fields: Fields;
  readonly hasBody: boolean;
  readonly keepsAlive: boolean;
}

/** Where the empty line begins that ends the head; -1: more has to come. */
export function endOfHead(received: string): number {
  const end = received.indexOf('\r\n\r\n', 1);
  const lineEnd = received.indexOf('\n', 2);
  if (end > HEAD_LENGTH_MAX || (end === -1 && received.length > HEAD_LENGTH_MAX)) {
    throw new Refusal(lineEnd === -1 || lineEnd > TARGET_LENGTH_MAX ? 414 : 431);
  }
  // With bare line feeds the head would never end.
  if (end === -1 && lineEnd !== -1 && received[lineEnd - 1] !== '\r') throw new Refusal(400);
  return end;
}

/** @throws Refusal - 400, 414, 431, 505. */
export function parseHead(head: string): Request {
  const [first = '', ...lines] = head.replace(/^\r\n/, '').split('\r\n');
  const [, method, target, major, minor] = REQUEST_LINE.exec(first) ?? [];
  if (method === undefined || target === undefined) throw new Refusal(400);
  if (major !== '1') throw new Refusal(505);
  if (target.length > TARGET_LENGTH_MAX) throw new Refusal(414);
  const fields = parseFields(lines);
  const isOld = minor === '0';
  if (fields.host === undefined && !isOld) throw new Refusal(400);
  const options = membersOf(fields.connection?.toLowerCase() ?? '');
  const hasBody = announcesBody(fields);
  const wantsMore = isOld ? options.includes('keep-alive') : !options.includes('close');
  return { method, target, fields, hasBody, keepsAlive: wantsMore && !hasBody };
}

/** The members of a field that is a list. (A pattern for blank, comma, blank would be quadratic.) */
export function membersOf(value: string): string[] {
  return value.split(',').map((member) => member.trim());
}

function parseFields(lines: readonly string[]): Fields {
  if (lines.length > FIELD_COUNT_MAX) throw new Refusal(431);
  const fields: Record<string, string> = Object.create(null);
  for (const line of lines) {
    const [, name = '', value = ''] = FIELD_LINE.exec(line) ?? [];
    if (name === '') throw new Refusal(400); // also: a folded line, a blank before the colon
    const key = name.toLowerCase();
    const before = fields[key];
    if (before !== undefined && key === 'host') throw new Refusal(400);
    fields[key] = before === undefined ? value.trim() : `${before}, ${value.trim()}`;
  }
  return fields;
}

function announcesBody(fields: Fields): boolean {
  const { 'content-length': length, 'transfer-encoding': coding } = fields;
  // Two lengths, joined by a comma, are no number either.
  if (length !== undefined && (coding !== undefined || !/^\d+$/.test(length))) {
    throw new Refusal(400);
  }
  return coding !== undefined || (length !== undefined && !/^0+$/.test(length));
}
