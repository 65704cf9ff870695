// Starts a program in place of this one: its input and output are ours, and so are the signals that
// are to end us. Without that, SIGTERM would end this process only, and the program would live on.
import { spawn } from 'node:child_process';
import { constants } from 'node:os';

// Ctrl-C reaches the program by the terminal as well; it takes a second one as the first.
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** @returns the exit code; 128 and its number after a signal, as a shell has it. */
export async function launch(command, args, options = {}) {
  const child = spawn(command, args, { stdio: 'inherit', ...options });
  const forward = (signal) => child.kill(signal);
  for (const signal of SIGNALS) process.on(signal, forward);
  try {
    return await new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code, signal) => resolve(code ?? 128 + constants.signals[signal]));
    });
  } finally {
    for (const signal of SIGNALS) process.off(signal, forward);
  }
}
