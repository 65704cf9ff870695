// What each sub-reactor of `edgewise echo --reactors N` runs: the handlers of echo-handlers.ts.
export { echoHandlers as handlers } from './echo-handlers.ts';
