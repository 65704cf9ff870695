// What docs/testing.md has a new user do, and docs/labs.md a student, in folders where the package is
// installed.
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { install, makeUser } from './consumer.mjs';
import { bin, environment, execute, expect, folder, run } from './steps.mjs';

/**
 * What docs/testing.md has a new user do, in an empty folder: the server with the mistake and its test, in vitest and
 * node:test; the failure again by what it has printed; and the server that is right.
 */
export async function walkTestingDocs(tarball) {
  const user = await install(tarball, 'tester');
  for (const name of ['vitest', 'typescript', '@types']) {
    mkdirSync(dirname(join(user, 'node_modules', name)), { recursive: true });
    symlinkSync(resolve('node_modules', name), join(user, 'node_modules', name));
  }
  writeFileSync(join(user, 'package.json'), '{ "private": true, "type": "module" }');
  writeFileSync(join(user, 'tsconfig.json'), JSON.stringify({ compilerOptions: USER_OPTIONS }));
  const example = (name) => readFileSync(join('examples', 'testing', name), 'utf8');
  for (const name of [
    'upper-case.ts',
    'one-chunk.ts',
    'one-chunk.test.ts',
    'half-a-line.test.ts',
  ]) {
    writeFileSync(join(user, name), example(name));
  }
  await run(bin('tsc'), ['-p', '.'], { cwd: user });
  for (const runner of RUNNERS) {
    await findInUserTest(user, runner, example('one-chunk.test.ts'));
  }
}

/** A strict tsconfig.json. */
const USER_OPTIONS = {
  target: 'es2022',
  module: 'nodenext',
  types: ['node'],
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  verbatimModuleSyntax: true,
  skipLibCheck: false,
  allowImportingTsExtensions: true,
  noEmit: true,
};

/** How the docs have a test run. node:test gets it without types, which Node strips from 22.18 on. */
const RUNNERS = [
  {
    file: 'mistake.test.ts',
    of: (text) => text.replace("'node:test'", "'vitest'"),
    command: (file) => [bin('vitest'), 'run', '--testTimeout=60000', file],
  },
  {
    file: 'mistake.test.mjs',
    of: (text) => text.replace(".ts';", ".mjs';"),
    command: (file) => [process.execPath, '--test', file],
  },
];

async function findInUserTest(user, { file, of, command }, text) {
  const [program, ...args] = command(file);
  const test = async (more) => {
    const env = environment({ ...more, NO_COLOR: '1' });
    const { isPassed, stdout, stderr } = await execute(program, args, { cwd: user, env });
    return { isPassed, output: stdout + stderr };
  };
  const withServer = async (name) => {
    const isPlain = file.endsWith('.mjs');
    const changed = of(text.replace('./one-chunk', `./${name}`));
    writeFileSync(join(user, file), changed);
    if (isPlain) await stripTypes(user, name);
  };
  await withServer('one-chunk');
  const found = await test({});
  expect(!found.isPassed, `${file}: the mistake is not found\n${found.output}`);
  const [, replay] = /EDGEWISE_SIM='([-\d.]+)'/.exec(found.output) ?? [];
  expect(replay !== undefined, `${file}: it does not say how to have it again\n${found.output}`);
  const again = await test({ EDGEWISE_SIM: replay });
  const isSame =
    !again.isPassed && /'H' !== 'HELLO'|expected 'H' to|Expected.*HELLO/s.test(again.output);
  expect(isSame, `${file}: another failure\n${again.output}`);
  // The trace of a failing run, for `edgewise view`, is looked at here.
  await withServer('upper-case');
  const right = await test({});
  expect(right.isPassed, `${file}: the right server fails\n${right.output}`);
  const rightAgain = await test({ EDGEWISE_SIM: replay });
  expect(rightAgain.isPassed, `${file}: the right server fails again\n${rightAgain.output}`);
}

async function stripTypes(user, name) {
  const options = ['--module', 'nodenext', '--target', 'es2022', '--noCheck', '--outDir', 'plain'];
  await run(bin('tsc'), ['--ignoreConfig', ...options, `${name}.ts`], { cwd: user });
  cpSync(join(user, 'plain', `${name}.js`), join(user, `${name}.mjs`));
}

/** The labs as a student has them: installed beside the package, begun, graded, and solved. */
export async function walkLabs(tarball) {
  const words = ['pack', '--json', '--workspace=labs', `--pack-destination=${folder}`];
  const [{ filename }] = Object.values(JSON.parse(await run('npm', words)));
  const student = makeUser('student');
  const options = ['--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund', '-D'];
  await run('npm', ['install', ...options, tarball, join(folder, filename)], { cwd: student });
  const hasTypes = process.features.typescript === 'strip';
  for (const lab of readdirSync('labs').filter((name) => /^\d\d-/.test(name))) {
    const number = String(Number.parseInt(lab, 10));
    const edgewise = (...args) =>
      execute('npx', ['--no-install', 'edgewise', 'lab', ...args], { cwd: student });
    const begun = await edgewise('start', number, ...(hasTypes ? [] : ['--js']));
    expect(begun.isPassed, begun.stderr);
    const checks = await edgewise('check', number, '--quick', '--format', 'json');
    expect(checks.code === 1, `lab ${number} ends with ${checks.code}: ${checks.stderr}`);
    const { score } = JSON.parse(checks.stdout);
    expect(score === 0, `the starter of lab ${number} has ${score} points`);
    expect(existsSync(join(student, lab, 'README.md')), `lab ${number} has no sheet`);
  }
}
