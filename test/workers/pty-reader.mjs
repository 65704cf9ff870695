// Reads descriptor 3, the controlling side of a pseudo-terminal with the other side closed, and says
// what its handlers were called for (test/pipe/pipe.test.ts).
import { openReader } from '../../dist/index.js';

const calls = [];
openReader(3, {
  handlers: {
    data: (_reader, bytes) => calls.push(String(bytes)),
    end: () => calls.push('end'),
    close: (_reader, error) => console.log(JSON.stringify([...calls, error?.code ?? 'in order'])),
  },
});
