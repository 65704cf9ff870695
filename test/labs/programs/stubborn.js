// Does not end when it is asked to.
import './echo.js';

for (const signal of ['SIGTERM', 'SIGHUP', 'SIGINT']) process.on(signal, () => undefined);
