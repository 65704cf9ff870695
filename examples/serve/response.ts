// What is sent before a body, and the short answers that say no.
import { STATUS_CODES } from 'node:http';

export type Headers = Readonly<Record<string, string | number>>;

/** Thrown where a request cannot be served; becomes an answer with that status and a short text. */
export class Refusal extends Error {
  readonly status: number;
  readonly headers: Headers;

  constructor(status: number, headers: Headers = {}) {
    super(`${status} ${STATUS_CODES[status]}`);
    this.status = status;
    this.headers = headers;
  }
}

/** The head of an answer. HTTP/1.0 clients need a header when the connection stays. */
export function formatHead(status: number, headers: Headers, keepsAlive: boolean): string {
  const all: Headers = {
    Date: new Date().toUTCString(),
    Connection: keepsAlive ? 'keep-alive' : 'close',
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n`;
}

/** The whole answer for a refusal; to HEAD without its text. */
export function formatRefusal(refusal: Refusal, isHead: boolean, keepsAlive: boolean): string {
  const text = `${refusal.message}\n`;
  const headers: Headers = {
    'Content-Type': 'text/plain; charset=utf-8',
    'Content-Length': text.length,
    ...refusal.headers,
  };
  return formatHead(refusal.status, headers, keepsAlive) + (isHead ? '' : text);
}
