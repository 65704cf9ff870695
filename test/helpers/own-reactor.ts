// Of each file of those that share a process: the reactor of the thread, which its tests may have made, ends with it.
import { afterAll } from 'vitest';
import { defaultReactor } from '../../src/reactor/default.ts';

afterAll(() => defaultReactor().close());
