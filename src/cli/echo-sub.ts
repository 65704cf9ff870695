// The module of each sub-reactor of `edgewise echo --reactors N`: the handlers of echo-handlers.ts.
export { echoHandlers as handlers } from './echo-handlers.ts';
