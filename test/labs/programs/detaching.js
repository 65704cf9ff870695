// Starts another process in a session of its own, which holds its output.
import './echo.js';
import { spawn } from 'node:child_process';

spawn(process.execPath, ['-e', 'setInterval(() => 0, 1000)', 'left-behind'], {
  stdio: 'inherit',
  detached: true,
}).unref();
