// Does not end when it is told to.
import './echo.js';

for (const signal of ['SIGTERM', 'SIGHUP', 'SIGINT']) process.on(signal, () => undefined);
