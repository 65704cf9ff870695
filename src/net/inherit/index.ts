// inherit/: sockets that another process or a supervisor has made.
export { type ActivationOptions, activationSockets, type InheritedSocket } from './activation.ts';
export {
  type AdoptDatagramOptions,
  acceptedConnection,
  adoptConnection,
  adoptDatagram,
  establishedConnection,
} from './adopt.ts';
export {
  type HandOver,
  type HandOverHandlers,
  type HandOverOptions,
  type HandOverSocket,
  offerHandOver,
} from './hand-over.ts';
export {
  type ServiceManager,
  type ServiceManagerOptions,
  serviceManager,
} from './service-manager.ts';
export { type TakeOver, type TakeOverOptions, takeOver } from './take-over.ts';
