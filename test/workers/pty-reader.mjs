// Reads descriptor 3, the controlling side of a pseudo-terminal whose other side is closed, and says
// what its handlers were told (test/pipe/pipe.test.ts).
import { openReader } from '../../dist/index.js';

const told = [];
openReader(3, {
  handlers: {
    data: (_reader, bytes) => told.push(String(bytes)),
    end: () => told.push('end'),
    close: (_reader, error) => console.log(JSON.stringify([...told, error?.code ?? 'in order'])),
  },
});
