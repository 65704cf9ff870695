// What `npm run site` has built, as files and as a server on this machine.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const FOLDER = fileURLToPath(new URL('../../site/dist/', import.meta.url));
const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.json': 'application/json',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
};

if (!existsSync(join(FOLDER, 'index.html'))) throw new Error('no site/dist: npm run site');

const files = readdirSync(FOLDER, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => relative(FOLDER, join(entry.parentPath, entry.name)).replaceAll('\\', '/'));

/** What is there, as `api/index.html`. */
export const built: ReadonlySet<string> = new Set(files);

/** The pages of the generator: the traces are pages of another program, with tests of their own. */
export const pages: readonly string[] = files
  .filter((file) => file.endsWith('.html') && !file.startsWith('traces/') && file !== '404.html')
  .sort();

export const textOf = (file: string): string => readFileSync(join(FOLDER, file), 'utf8');

/** `''` and `'api/'` are folders: their index. */
export const fileOf = (path: string): string => path.replace(/(^|\/)$/, '$1index.html');

export interface Served {
  readonly url: string;
  close(): void;
}

/** Serves the files on a free port, without any rule of its own but that of `fileOf`. */
export async function serve(): Promise<Served> {
  const server: Server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    const file = fileOf(decodeURI(pathname).slice(1));
    if (!built.has(file) || !statSync(join(FOLDER, file)).isFile()) {
      response.writeHead(404).end();
      return;
    }
    const type = TYPES[extname(file)] ?? 'application/octet-stream';
    response.writeHead(200, { 'content-type': type });
    response.end(readFileSync(join(FOLDER, file)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
