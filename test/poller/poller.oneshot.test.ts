import { Poller } from '../../src/poller/poller.ts';
import { useDescriptors } from '../helpers/descriptors.ts';
import { definePollerSuite } from './poller-suite.ts';

const descriptors = useDescriptors();

for (const backend of Poller.backends) {
  for (const trigger of ['oneshot', 'edge-oneshot'] as const) {
    if (Poller.capabilitiesOf(backend).triggers.includes(trigger)) {
      definePollerSuite({ backend, trigger, descriptors });
    }
  }
}
