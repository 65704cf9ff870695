// relay/: two connections joined.
export { type Relay, type RelayHandlers, type RelayOptions, relay } from './relay.ts';
