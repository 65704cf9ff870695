// What the scripts that compile the addon themselves have in common: the sources of a target on one
// system, read from binding.gyp, which is their only list for node-gyp, and node-addon-api. A .gyp
// file is a Python literal; with its comments gone it is a JavaScript one as well.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { runInNewContext } from 'node:vm';

/** What napi.h is compiled with: the definitions of binding.gyp. */
export const NAPI_DEFINES = [
  '-DNAPI_VERSION=9',
  '-DNODE_ADDON_API_DISABLE_CPP_EXCEPTIONS',
  '-DNODE_ADDON_API_DISABLE_DEPRECATED',
  '-DNODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS',
];

/** The folder with the headers of node-addon-api. */
export function napiInclude() {
  return dirname(createRequire(import.meta.url).resolve('node-addon-api'));
}

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
