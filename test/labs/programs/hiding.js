// The same, with nothing of its environment.
import './echo.js';
import { spawn } from 'node:child_process';

const { PATH } = process.env;
spawn('setsid', [process.execPath, '-e', 'setInterval(() => 0, 1000)', 'left-behind'], {
  stdio: 'ignore',
  env: { PATH },
}).unref();
