// Every example that listens, on a port that is taken: one line, exit code 1, and no stack. Those of
// examples/models have flags of their own: models.test.ts.
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ExampleProcess } from '../helpers/example-process.ts';

const FOLDER = new URL('../../examples/', import.meta.url);
const LINUX_ONLY = ['echo/sys'];
const SERVERS = [
  'echo',
  'echo-proactor',
  'echo-awaited',
  'discard',
  'discard-edge',
  'daytime',
  'chargen',
  'chat',
  'offload',
  'handover',
];

const namesIn = (folder: string) =>
  readdirSync(new URL(folder, FOLDER))
    .filter((file) => file.endsWith('.ts'))
    .map((file) => `${folder}${file.slice(0, -3)}`);
const NAMES = [...SERVERS, ...namesIn('echo/')].filter(
  (name) => process.platform === 'linux' || !LINUX_ONLY.includes(name),
);

let owner: Server;
let port: string;
beforeAll(async () => {
  owner = createServer().listen(0, '127.0.0.1');
  await once(owner, 'listening');
  port = `${(owner.address() as AddressInfo).port}`;
});
afterAll(() => {
  owner.close();
});

test('there are all that listen', () => {
  expect(NAMES.length).toBeGreaterThanOrEqual(SERVERS.length + 4);
});

test.each(NAMES)('%s', async (name) => {
  const { code, lines, stderr } = await new ExampleProcess(name, [port]).ending();
  expect({ code, lines }).toEqual({ code: 1, lines: [] });
  expect(stderr).toMatch(new RegExp(`^${name}: [^\\n]*EADDRINUSE[^\\n]*\\n$`));
});
