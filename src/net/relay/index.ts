// relay/: two connections joined.
export { setPipesAside } from './pipes.ts';
export { type Relay, type RelayHandlers, type RelayOptions, relay } from './relay.ts';
