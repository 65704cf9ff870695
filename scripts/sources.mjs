// The sources of the addon on one system, read from binding.gyp, which is their only list for
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
 * @returns {string[]} paths of the addon's sources, relative to the repository
 */
export function sourcesFor(os) {
  const text = readFileSync('binding.gyp', 'utf8').replaceAll(/^\s*#.*$/gm, '');
  const { targets } = runInNewContext(`(${text})`);
  const addon = targets.find((target) => target.target_name === 'edgewise');
  const sources = [...addon.sources];
  for (const [condition, met, unmet] of addon.conditions) {
    sources.push(...((isMet(condition, os) ? met : unmet)?.sources ?? []));
  }
  return sources;
}
