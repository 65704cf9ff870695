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
    next: 'run it by hand and do the same as the grader:\n  {command}',
    read: 'the lines of the program that are named above',
  },
  'does not compile': {
    why: 'Node cannot read the program, so that nothing of it has run: its types are left out as they are, and nothing is translated.',
    next: 'mend the line that is named above',
    read: 'nodejs.org/api/typescript.html, "Type stripping"',
  },
  'crashed in a check': {
    why: 'The check calls what your file exports, and it threw instead of returning.',
    next: 'go to the first line that is named above',
    read: 'the comments of the starter: what each function returns',
  },
  'not exported': {
    why: 'The check calls {name} of {file}, and there is none.',
    next: 'export it, or make it a method, by that name, as the starter does',
    read: 'the starter of {file}',
  },
  'endless loop': {
    why: 'It has used {seconds} s of CPU and is not at an end: a loop in it goes round and round, and waits for nothing.',
    next: 'print what each call returns: no result may keep a loop going that changes nothing. 0 from a read is the end, and a negative number an error',
    read: 'read(2), write(2), RETURN VALUE',
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

/** A cause of the check's own that is said in place of one of these. */
export const generalCauses: Readonly<Record<string, string>> = { 'endless loop': 'hangs' };
