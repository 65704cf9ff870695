// The exit of processes as events: runs commands and says how each ended. A process is watched by a
// pidfd on Linux and by EVFILT_PROC elsewhere; it need not be a child, and no child is reaped:
// Node's own 'exit' comes all the same.
import { spawn } from 'node:child_process';
import { type ProcessExit, Reactor, watchExit } from 'edgewise';

const TIMEOUT_MS = 2000;
const given = process.argv.slice(2).join(' ');
const commands = given === '' ? ['exit 0', 'exit 3', 'kill -TERM $$', 'exec sleep 1000'] : [given];
const reactor = new Reactor();

function describe({ code, signal, status }: ProcessExit): string {
  if (code !== undefined) return `exited with ${code}`;
  if (signal !== undefined) return `was ended by ${signal}`;
  return status === undefined ? 'ended, the status is unknown' : `ended with status ${status}`;
}

for (const command of commands) {
  const child = spawn('sh', ['-c', command], { stdio: 'inherit' });
  const { pid } = child;
  if (pid === undefined) throw new Error('sh is not there'); // an 'error' event follows
  child.on('exit', (code, signal) => console.log(`Node:   ${command}: ${code ?? signal}`));

  const watch = watchExit(pid, { reactor }, (exit) => {
    deadline.clear();
    console.log(`reactor: ${command}: ${describe(exit)}`);
  });
  // `kill` means this process, and on Linux never another one that has its number by then.
  const deadline = reactor.setTimeout(() => watch.kill('SIGKILL'), TIMEOUT_MS);
}

await reactor.run(); // until no process is watched any more
