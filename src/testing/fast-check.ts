// `edgewise/testing/fast-check`: how hard a simulated run is, as an arbitrary of fast-check, so that it is
// shrunk together with the user's own data.
import fc from 'fast-check';

const CHOICES_MAX = 2000;
const CHOICE_MAX = 64;
/** Of three choices one is not the kindest. */
const KIND_WEIGHT = 2;

/**
 * The choices of a run of `simulate`, for its option `choices`. It shrinks towards the kindest run.
 *
 * @example
 * await fc.assert(
 *   fc.asyncProperty(hardship(), fc.array(fc.string()), async (choices, lines) => {
 *     await simulate({ choices, faults: { delayMs: 20, cut: 0.5 }, shrinkMs: 0, trace: false }, (sim) =>
 *       test(sim, lines),
 *     );
 *   }),
 * );
 */
export function hardship(): fc.Arbitrary<readonly number[]> {
  const kind = { weight: KIND_WEIGHT, arbitrary: fc.constant(0) };
  const unkind = { weight: 1, arbitrary: fc.nat({ max: CHOICE_MAX }) };
  return fc.array(fc.oneof(kind, unkind), { maxLength: CHOICES_MAX, size: 'max' });
}
