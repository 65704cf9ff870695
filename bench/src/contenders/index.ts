// All contenders, in the order in which tables have them: ours, JavaScript, other languages.
import type { Contender } from '../model.ts';
import { edgewiseContenders } from './edgewise.ts';
import { nativeContenders } from './native.ts';
import { nodeContenders } from './node.ts';
import { runtimeContenders } from './runtimes.ts';

const FAMILIES: readonly Contender['family'][] = ['edgewise', 'javascript', 'native'];

/** Every contender that there is; none has been looked for yet. */
export const contenders: readonly Contender[] = [
  ...edgewiseContenders,
  ...nodeContenders,
  ...runtimeContenders,
  ...nativeContenders,
].sort((a, b) => FAMILIES.indexOf(a.family) - FAMILIES.indexOf(b.family));
