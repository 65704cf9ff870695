// The channels of node:diagnostics_channel on which the layers above report what is rare. docs/diagnostics.md
// has the messages. A message is made only when some code listens: check `hasSubscribers` first, which
// costs no more than a branch.
import { channel } from 'node:diagnostics_channel';

/** By what happens. */
export const channels = {
  connectionOpen: channel('edgewise:connection:open'),
  connectionClose: channel('edgewise:connection:close'),
  listenerExhausted: channel('edgewise:listener:exhausted'),
  lint: channel('edgewise:lint'),
  slowTurn: channel('edgewise:reactor:slow-turn'),
  poolRestart: channel('edgewise:pool:restart'),
} as const;
