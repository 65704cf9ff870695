// select(2): a bit for each descriptor, all of which the kernel looks at in every call. None beyond
// FD_SETSIZE (1024) has a bit.
import { serveOn } from './readiness.ts';

serveOn('select');
