// The sources of a target on one system, read from binding.gyp, which is their only list for
// node-gyp. A .gyp file is a Python literal; with its comments gone it is a JavaScript one as well.
import { readFileSync } from 'node:fs';
import { runInNewContext } from 'node:vm';

function isMet(condition, os) {
  const [, operator, names] = /^OS *(==|in|not in) *"([a-z ]+)"$/.exec(condition) ?? [];
  if (operator === undefined)
    throw new Error(`binding.gyp: cannot read the condition ${condition}`);
  return names.split(' ').includes(os) === (operator !== 'not in');
}

/**
 * @param {string} os - as gyp calls it: linux, mac, freebsd, netbsd, openbsd
 * @param {string} name - of the target in binding.gyp
 * @returns {string[]} paths of the target's sources, relative to the repository
 */
export function sourcesFor(os, name = 'edgewise') {
  const text = readFileSync('binding.gyp', 'utf8').replaceAll(/^\s*#.*$/gm, '');
  const { targets } = runInNewContext(`(${text})`);
  const target = targets.find((one) => one.target_name === name);
  const sources = [...target.sources];
  for (const [condition, met, unmet] of target.conditions) {
    sources.push(...((isMet(condition, os) ? met : unmet)?.sources ?? []));
  }
  return sources;
}
