// What has to come of a starter, a solution and a mutant. Each function returns what is wrong.
import { readFileSync } from 'node:fs';
import { decodeTrace } from '../dist/trace/index.js';
import { modelOf } from '../dist/view/index.js';

const failed = ({ checks }) => checks.filter(({ status }) => status === 'failed');
const saidOf = ({ failure }) => `${failure.cause}: ${failure.got} | ${failure.why}`;

/** No point, and every failure has a cause of the check's own. */
export function judgeStarter({ lab, result }) {
  const wrong = result.checks
    .filter(({ status }) => status === 'passed')
    .map(({ id }) => `${id} passes on the starter`);
  const strange = failed(result).filter(({ id, failure }) => {
    const check = lab.checks.find((each) => each.id === id);
    return !Object.hasOwn(check.causes, failure.cause);
  });
  return [
    ...wrong,
    ...strange.map((check) => `${check.id} says what is not its own: ${saidOf(check)}`),
  ];
}

/** Every point. */
export function judgeSolution({ result }) {
  return failed(result).map((check) => `${check.id} fails: ${saidOf(check)}`);
}

/** It fails what it must, and says why; nothing else fails. */
export function judgeMutant({ mutant, result }) {
  const { fails, alsoFails = [], says } = mutant;
  const ids = failed(result).map(({ id }) => id);
  const missing = fails.filter((id) => !ids.includes(id)).map((id) => `${id} does not fail`);
  const strange = failed(result)
    .filter(({ id }) => !fails.includes(id) && !alsoFails.includes(id))
    .map((check) => `${check.id} fails, too: ${saidOf(check)}`);
  const text = failed(result)
    .filter(({ id }) => fails.includes(id))
    .map(saidOf)
    .join('\n');
  const unsaid = new RegExp(says).test(text) ? [] : [`nothing says /${says}/:\n${text}`];
  return [
    ...missing,
    ...strange,
    ...(missing.length === 0 ? unsaid : []),
    ...unseen(mutant, result),
  ];
}

/** `shows` of a mutant: by the id of a check, what the viewer finds in the trace that it leaves. */
function unseen({ shows = {} }, { checks }) {
  return Object.entries(shows).flatMap(([id, code]) => {
    const { see } = checks.find((check) => check.id === id)?.failure ?? {};
    if (see === undefined) return [`${id} leaves no trace`];
    const { streams } = modelOf(decodeTrace(readFileSync(see)));
    const codes = streams.flatMap(({ findings }) => findings.map((each) => each.code));
    return codes.includes(code) ? [] : [`the trace of ${id} has ${codes}, and no ${code}`];
  });
}
