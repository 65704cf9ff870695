// Starts another process, which ignores SIGTERM and goes on without it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';

const loop = "trap '' TERM; echo ready; while :; do sleep 1000; done";
const child = spawn('sh', ['-c', loop, 'left-behind'], { stdio: ['ignore', 'pipe', 'ignore'] });
await once(child.stdout, 'data');
await import('./echo.js');
