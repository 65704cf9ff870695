// Builds the addon with cmake-js into build-cmake/Release/edgewise.node. Node's headers are taken
// from beside the running Node when they are there, so that nothing is downloaded; otherwise
// cmake-js fetches them (a `nodedir` of npm's configuration goes before both).
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const cmakeJs = createRequire(import.meta.url).resolve('cmake-js/bin/cmake-js');
const prefix = join(dirname(process.execPath), '..');
const env = { ...process.env };
if (existsSync(join(prefix, 'include', 'node', 'node.h'))) env.npm_config_nodedir ??= prefix;

const args = ['compile', '--out', 'build-cmake', '--target', 'edgewise', '--log-level', 'error'];
const { status } = spawnSync(process.execPath, [cmakeJs, ...args], { stdio: 'inherit', env });
process.exit(status ?? 1);
