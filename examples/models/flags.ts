// The flags that every model has. What is wrong with them is one line and exit code 2, and what the
// system refuses, such as a port that is taken, is one line and exit code 1.
import { isIP } from 'node:net';
import { parseArgs } from 'node:util';
import { isMainThread } from 'node:worker_threads';

const PORT_MAX = 65_535;
const THREADS_MAX = 64;
const USAGE = 'the flags are --host ADDRESS, --port N and --threads N';

function parse() {
  const values = valuesOf();
  if (isIP(values.host) !== 4) throw new RangeError('--host takes an IPv4 address');
  const port = integer('--port', values.port, 0, PORT_MAX);
  return { host: values.host, port, threads: integer('--threads', values.threads, 1, THREADS_MAX) };
}

function valuesOf() {
  try {
    const { values } = parseArgs({
      options: {
        host: { type: 'string', default: '127.0.0.1' },
        port: { type: 'string', default: '7007' },
        threads: { type: 'string', default: '4' }, // where a model has a fixed number of them
      },
    });
    return values;
  } catch {
    throw new RangeError(`these are no flags: ${process.argv.slice(2).join(' ')}`);
  }
}

function integer(name: string, text: string, min: number, max: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw new RangeError(`${name} takes a whole number from ${min} to ${max}`);
}

function fail(message: string, exitCode: number): never {
  console.error(message);
  process.exit(exitCode);
}

function parseOrFail() {
  try {
    return parse();
  } catch (error) {
    return fail(`${(error as Error).message}; ${USAGE}`, 2);
  }
}

export const { host, port, threads } = parseOrFail();

if (isMainThread) {
  process.on('uncaughtException', (error: NodeJS.ErrnoException) => {
    const isSystems = error.syscall !== undefined; // anything else is a mistake in the program
    fail(isSystems ? error.message : String(error.stack), 1);
  });
}
