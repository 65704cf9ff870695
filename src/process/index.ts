// process/: processes as sources of events.
export {
  type ExitHandler,
  type ExitWatch,
  type ProcessExit,
  type WatchExitOptions,
  watchExit,
} from './exit.ts';
