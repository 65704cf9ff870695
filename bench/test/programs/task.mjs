// A program that measures itself, for tests of the engine: `node task.mjs VALUE`; VALUE 0: it ends at
// the third line.
import { answer } from '../../programs/answer.mjs';

const value = Number(process.argv[2]);
let count = 0;

await answer(() => {
  if (value === 0 && ++count === 3) process.exit(5);
  return { nsPerOperation: value, operations: 10 };
});
