// Makes a poller that busy-polls, and builds its set anew: test/poller/busy-poll.test.ts.
import { Poller } from './core.mjs';

const poller = new Poller({ busyPoll: { microseconds: 50, budget: 16, prefer: true } });
process.exitCode = poller.handle.rebuild() === 0 ? 0 : 1;
poller.close();
