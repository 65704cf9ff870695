// Answers one request: the file, what the client has of it already, and the range that it wants
// (RFC 9110, sections 13 and 14).
import type { Connection } from 'edgewise';
import fresh from 'fresh';
import { membersOf, type Request } from './head.ts';
import { parseRange, type Range } from './range.ts';
import { formatHead, type Headers, Refusal } from './response.ts';
import { openTarget, type SiteFile } from './site.ts';

interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly offset: number;
  readonly length: number;
}

/**
 * Sends the answer, and resolves when its last byte has left or the connection is closed.
 *
 * @throws Refusal - nothing was sent.
 */
export async function answer(
  connection: Connection,
  request: Request,
  root: string,
  keepsAlive: boolean,
): Promise<void> {
  const { method, target, hasBody } = request;
  if (method !== 'GET' && method !== 'HEAD') throw new Refusal(405, { Allow: 'GET, HEAD' });
  if (hasBody) throw new Refusal(413);
  const file = await openTarget(root, target);
  try {
    const { status, headers, offset, length } = replyTo(request, file);
    if (connection.isClosed) return; // meanwhile
    connection.write(formatHead(status, headers, keepsAlive));
    if (method === 'GET' && length > 0) await sendBody(connection, file.handle.fd, offset, length);
  } finally {
    await file.handle.close();
  }
}

// A file that has become shorter closes the connection: the client must not take what it got for the
// whole.
function sendBody(connection: Connection, fd: number, offset: number, length: number) {
  return new Promise<void>((resolve) => {
    try {
      connection.sendFile(fd, offset, length, () => resolve());
    } catch (error) {
      connection.destroy(error as Error);
      resolve();
    }
  });
}

function replyTo(request: Request, file: SiteFile): Reply {
  const { size, etag, type, modifiedMs } = file;
  const lastModified = new Date(modifiedMs).toUTCString();
  const validators = { ETag: etag, 'Last-Modified': lastModified };
  if (isOutdated(request, file)) throw new Refusal(412);
  if (fresh(request.fields, { etag, 'last-modified': lastModified })) {
    return { status: 304, headers: validators, offset: 0, length: 0 };
  }
  const range = rangeOf(request, file, lastModified);
  const { start, end } = range ?? { start: 0, end: size - 1 };
  const headers: Headers = {
    ...validators,
    'Accept-Ranges': 'bytes',
    'Content-Type': type,
    'Content-Length': end - start + 1,
    'X-Content-Type-Options': 'nosniff',
    ...(range && { 'Content-Range': `bytes ${start}-${end}/${size}` }),
  };
  return { status: range ? 206 : 200, headers, offset: start, length: end - start + 1 };
}

/** Whether the client asked for a state of the file that is gone: If-Match, If-Unmodified-Since. */
function isOutdated({ fields }: Request, { etag, modifiedMs }: SiteFile): boolean {
  const match = fields['if-match'];
  if (match !== undefined) return match !== '*' && !membersOf(match).includes(etag);
  const since = Date.parse(fields['if-unmodified-since'] ?? '');
  return Math.floor(modifiedMs / 1000) * 1000 > since; // false for no date
}

/** Undefined for the whole: none is wanted, or one of a file that is not this one any more. */
function rangeOf(request: Request, file: SiteFile, lastModified: string): Range | undefined {
  const { range, 'if-range': condition } = request.fields;
  if (request.method !== 'GET' || range === undefined) return undefined;
  const isOther = condition !== undefined && condition !== file.etag && condition !== lastModified;
  return isOther ? undefined : parseRange(range, file.size);
}
