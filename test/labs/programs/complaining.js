// The same to standard error, and what a terminal obeys.
import { writeSync } from 'node:fs';

for (;;) writeSync(2, `\x1b[2J\x1b]0;title\x07${'y'.repeat(65_536)}`);
