// The table of `strace -c`, as strace 6 prints it.
import { expect, it } from 'vitest';
import { parseSyscalls } from '../src/measure/strace.ts';

const TABLE = `% time     seconds  usecs/call     calls    errors syscall
------ ----------- ----------- --------- --------- ----------------
 60.10    0.012345           6      2000           sendto
 39.90    0.008192           4      2010        10 recvfrom
  0.00    0.000000           0         1           epoll_wait
------ ----------- ----------- --------- --------- ----------------
100.00    0.020537           5      4011        10 total
`;

it('reads calls by name, with and without errors', () => {
  expect(parseSyscalls(TABLE)).toEqual({ sendto: 2000, recvfrom: 2010, epoll_wait: 1 });
  expect(parseSyscalls('')).toEqual({});
});
