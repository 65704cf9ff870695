// What scripts/test-simulated.mjs and scripts/test-hosts.mjs know of the lists of tests that do not pass on the
// simulated kernel (test/testing/own-suites.txt) and on other hosts than Node (test/hosts/own-suites.txt). A line
// that ends in a colon is a reason; below it, indented, is what it holds for:
//   FILE            a file that is not run
//   FILE > NAME     a test that fails
//   ? FILE > NAME   a test that passes at times
//   - FILE > NAME   a test that is not run: it would end or block its process

/** Reads the part of the list that is of some suites. */
export function namesOf(text, suites) {
  const list = { files: [], failing: new Set(), unsteady: new Set(), left: new Set() };
  for (const line of text.split('\n')) {
    const entry = /^ {2}([?-] )?(\S+)(?: > (.+))?$/.exec(line);
    if (entry === null || !suites.includes(entry[2].split('/')[0])) continue;
    const [, mark, file, name] = entry;
    const names = { '? ': list.unsteady, '- ': list.left }[mark] ?? list.failing;
    if (name === undefined) list.files.push(file);
    else names.add(`${file} > ${name}`);
  }
  return list;
}

function percent(part, whole) {
  return `${((100 * part) / whole).toFixed(1)} %`;
}

const isLeftOut = (status) => status === 'skipped' || status === 'todo' || status === 'left out';

/** The files of tests that did not pass, and are not on the list. */
export function filesToRepeat(tests, { failing, unsteady }) {
  const files = tests
    .filter(({ status }) => status !== 'passed' && !isLeftOut(status))
    .filter(({ file, name }) => ![failing, unsteady].some((keys) => keys.has(`${file} > ${name}`)))
    .map(({ file }) => file);
  return [...new Set(files)];
}

/**
 * Compares how tests ended with the list.
 *
 * @param tests - each with its file below test/, its name and its status.
 * @param where - where they ran, for the lines.
 * @returns lines to print, what is wrong, how many tests ended as the list has it, and the share that passed.
 */
export function compareSuites(
  tests,
  { failing, unsteady, left = new Set() },
  where = 'on the simulated kernel',
) {
  const wrong = [];
  const sums = new Map();
  const seen = new Set();
  let passed = 0;
  for (const { file, name, status } of tests) {
    if (left.has(`${file} > ${name}`)) seen.add(`${file} > ${name}`);
    if (status === 'skipped' || status === 'todo') continue;
    const key = `${file} > ${name}`;
    const isListed = failing.has(key);
    const hasPassed = status === 'passed';
    const sum = sums.get(file.split('/')[0]) ?? { passed: 0, count: 0 };
    sums.set(file.split('/')[0], sum);
    sum.count++;
    if (hasPassed) sum.passed++;
    seen.add(key);
    if (status === 'left out' || unsteady.has(key)) continue;
    if (hasPassed === isListed)
      wrong.push(`${isListed ? 'passes, and is listed' : status}: ${key}`);
    else if (hasPassed) passed++;
  }
  for (const key of [...failing, ...unsteady, ...left]) {
    if (!seen.has(key)) wrong.push(`is listed, and does not exist: ${key}`);
  }
  const all = [...sums.values()];
  const count = all.reduce((sum, each) => sum + each.count, 0);
  const passedCount = all.reduce((sum, each) => sum + each.passed, 0);
  sums.set('our suites', { passed: passedCount, count });
  const lines = [...sums].map(
    ([suite, sum]) =>
      `${suite}: ${sum.passed} of ${sum.count} tests pass ${where} (${percent(sum.passed, sum.count)})`,
  );
  return { lines, wrong, passed, share: count === 0 ? 0 : passedCount / count };
}
