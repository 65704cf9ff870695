// poll(2): an entry for each descriptor, all of which the kernel looks at in every call. No limit but
// that of the process.
import { serveOn } from './readiness.ts';

serveOn('poll');
