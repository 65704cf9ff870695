// What can happen to every program under test, whatever is looked at.
import type { Cause } from '../lab.ts';

export const commonCauses = {
  'not found': {
    why: 'The folder has no {file}.ts and no {file}.js.',
    next: 'start the lab there, or give its folder: npx edgewise lab check N FOLDER',
    read: 'npx edgewise lab start --help',
  },
  'does not start': {
    why: 'A server says where it listens before anything else, so that a client knows when to begin and where.',
    next: 'print one line "listening on HOST:PORT" as soon as listen has succeeded; the starter does',
    read: 'getsockname(2)',
  },
  'ignores its flags': {
    why: 'The grader asks for a free port with --port 0, and the system gives one. A fixed port is taken the second time.',
    next: 'pass the port of the flags to bind; the starter does',
    read: 'bind(2), ip(7): port 0',
  },
  crashed: {
    why: 'An exception that nothing caught ends the whole process, with all its clients.',
    next: 'run it by hand and do the same as the grader: {command}',
    read: 'the last lines that it printed are above',
  },
  hangs: {
    why: 'It was asked to end, or had all it needs to end, and did not within {seconds} s.',
    next: 'find the call that it waits in: every wait needs something that can still come',
    read: 'signal(7)',
  },
  'leaves processes': {
    why: 'It has started {count} more processes, which went on after it was asked to end.',
    next: 'a lab needs one process; threads are enough where several cores are to work',
    read: 'the sheet of the lab',
  },
  'prints too much': {
    why: 'It has written more than {limit} KB to its standard output; a pipe that no one reads would stop it there.',
    next: 'print what the task asks for, and nothing for each byte or turn',
    read: 'pipe(7): pipe capacity',
  },
  'cannot run here': {
    why: 'Node {version} runs no TypeScript without a build.',
    next: 'use Node 22.18 or newer, or start the lab with --js',
    read: 'npx edgewise lab doctor',
  },
} as const satisfies Record<string, Cause>;
