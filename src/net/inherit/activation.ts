// Socket activation: a supervisor binds the sockets, and starts the program with them as descriptors
// 3, 4, … (systemd's protocol, which others speak as well). LISTEN_FDS is how many they are,
// LISTEN_PID the process that they are for, LISTEN_FDNAMES their names. man 3 sd_listen_fds.
import { check, EdgewiseError } from '../../errors.ts';
import * as sys from '../../sys/index.ts';
import { checkObject } from '../../validate.ts';
import { type DescriptorKind, kindOf } from '../socket/inherited.ts';

const { F_SETFD, FD_CLOEXEC } = sys.constants;
/** SD_LISTEN_FDS_START. */
const FIRST = 3;
const COUNT_MAX = 0x7fffffff - FIRST;
const VARIABLES = ['LISTEN_FDS', 'LISTEN_PID', 'LISTEN_FDNAMES', 'LISTEN_PIDFDID'] as const;

/** A descriptor that a supervisor, or another process, has handed over; it is the caller's now. */
export interface InheritedSocket {
  /** The descriptor, close-on-exec. */
  readonly fd: number;
  /** Its name: `FileDescriptorName=` of systemd. `'unknown'` when none was given. */
  readonly name: string;
  /** What it is, and so which function adopts it. */
  readonly kind: DescriptorKind;
}

/** Options of {@link activationSockets}. */
export interface ActivationOptions {
  /**
   * Take the descriptors also when LISTEN_PID is not this process: when the supervisor starts a shell
   * or another wrapper, and that starts this program with the same descriptors. Default false.
   */
  readonly ignorePid?: boolean | undefined;
}

type Environment = Record<string, string | undefined>;

function invalid(what: string): EdgewiseError {
  return new EdgewiseError('ERR_ACTIVATION_INVALID', what);
}

function countOf(name: string, text: string): number {
  const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (value <= COUNT_MAX) return value;
  throw invalid(`${name} is ${JSON.stringify(text)}`);
}

// Names are separated by colons, which therefore are in none.
function namesOf(text: string | undefined, count: number): string[] {
  if (count === 0) return [];
  if (text === undefined) return new Array<string>(count).fill('unknown');
  const names = text.split(':');
  if (names.length === count) return names;
  throw invalid(`LISTEN_FDNAMES has ${names.length} names for ${count} descriptors`);
}

function takeVariables(environment: Environment): Environment {
  const taken: Environment = {};
  for (const name of VARIABLES) {
    taken[name] = environment[name];
    delete environment[name];
  }
  return taken;
}

/**
 * Takes the sockets that this process was started with, and the variables that announce them out of
 * `process.env`, so that they are taken once and children do not believe them theirs. The sockets
 * are made close-on-exec. Call it once, early, in the main thread.
 *
 * npm, npx and shells are processes of their own: LISTEN_PID is then theirs, and npm does not hand
 * descriptors on. Have the supervisor start `node` itself.
 *
 * @returns none, when this process was not started by socket activation.
 * @throws EdgewiseError - ERR_ACTIVATION_INVALID: a variable that makes no sense.
 * @throws ErrnoError - EBADF: a descriptor that was announced is not there.
 * @see sd_listen_fds(3), systemd.socket(5)
 */
export function activationSockets(options: ActivationOptions = {}): InheritedSocket[] {
  checkObject('options', options);
  const { ignorePid = false } = options;
  const { LISTEN_FDS, LISTEN_PID, LISTEN_FDNAMES } = takeVariables(process.env);
  if (LISTEN_FDS === undefined || (LISTEN_PID === undefined && !ignorePid)) return [];
  const pid = LISTEN_PID === undefined ? process.pid : countOf('LISTEN_PID', LISTEN_PID);
  if (pid !== process.pid && !ignorePid) return [];
  const count = countOf('LISTEN_FDS', LISTEN_FDS);
  for (let fd = FIRST; fd < FIRST + count; fd++) {
    check(sys.fcntl(fd, F_SETFD, FD_CLOEXEC), 'fcntl', { fd });
  }
  const names = namesOf(LISTEN_FDNAMES, count);
  return names.map((name, index) => {
    const fd = FIRST + index;
    return { fd, name, kind: kindOf(fd) };
  });
}
