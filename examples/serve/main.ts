// The command line: `npm run serve -- DIR --port N`. Exit codes: 0 after SIGINT or SIGTERM, 1 it
// failed, 2 bad arguments.
import { parseArgs } from 'node:util';
import { FileServer } from './server.ts';

const USAGE = 'usage: npm run serve -- DIR [--port N] [--host ADDRESS]';

function readArguments() {
  const { positionals, values } = wordsOf();
  const [folder, ...more] = positionals;
  const isPort = /^\d{1,5}$/.test(values.port) && Number(values.port) <= 65_535;
  if (folder === undefined || more.length > 0 || !isPort) throw new Error(USAGE);
  return { folder, port: Number(values.port), host: values.host ?? '127.0.0.1' };
}

function wordsOf() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: { port: { type: 'string', default: '8080' }, host: { type: 'string' } },
    });
  } catch {
    throw new Error(USAGE);
  }
}

let exitCode = 2;
try {
  const options = readArguments();
  exitCode = 1;
  const server = new FileServer(options);
  const done = server.run(); // before the line: its reader may send a signal at once
  const host = options.host.includes(':') ? `[${options.host}]` : options.host;
  console.log(`listening on http://${host}:${server.port}`);
  await done;
  exitCode = 0;
} catch (error) {
  console.error(`serve: ${(error as Error).message}`);
}
process.exitCode = exitCode;
