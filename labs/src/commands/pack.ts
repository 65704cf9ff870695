// `edgewise lab pack KIND N[,N] -o FILE`: a grader for a system of others, as an archive.
import { writeFileSync } from 'node:fs';
import { extname } from 'node:path';
import { configuredLabs, hint, readConfig } from '../config.ts';
import { type KindName, kinds } from '../pack/kinds.ts';
import { type Command, type Options, UsageError } from './command.ts';
import { LABS_MAX, labWith, writablePath } from './words.ts';

const NAMES = Object.keys(kinds) as KindName[];
const BYTES_PER_MB = 1e6;

export const pack: Command = {
  name: 'pack',
  summary: 'a grader for Gradescope, Classroom 50 or PrairieLearn, as one file',
  description:
    'Makes an archive with the grader and all that it needs. KIND is gradescope (to\n' +
    'be uploaded), classroom50 (to be unpacked in autograders/ASSIGNMENT) or\n' +
    'prairielearn (the folder of a question). With several labs, as in 1,2,3, each\n' +
    'gets a file of its own: FILE with the number before its ending.',
  operands: [{ name: 'KIND' }, { name: 'N' }],
  options: {
    out: { short: 'o', value: 'FILE', help: 'the archive (KIND-N.zip)' },
    'with-node': { help: 'with the node that is running, where the system has none' },
  },
  async run(options) {
    const kind = kindOf(options.text('KIND'));
    const labs = configuredLabs(readConfig());
    const chosen = numbersOf(options).map((number) => labWith(number, labs));
    const out = options.has('out') ? options.text('out') : `${kind}.zip`;
    // Loaded here: what is packed itself packs nothing, and has no library for it.
    const { zipOf } = await import('../pack/zip.ts');
    for (const lab of chosen) {
      const path = writablePath(
        chosen.length === 1 && options.has('out') ? out : numbered(out, lab.number),
      );
      const files = kinds[kind](lab, { hasNode: options.has('with-node') });
      const bytes = zipOf(files);
      writeFileSync(path, bytes);
      const size = (bytes.length / BYTES_PER_MB).toFixed(1);
      process.stdout.write(
        `${path}: lab ${lab.number} for ${kind}, ${files.size} file${files.size === 1 ? '' : 's'}, ${size} MB\n`,
      );
    }
    return 0;
  },
};

function kindOf(word: string): KindName {
  const kind = NAMES.find((name) => name === word);
  if (kind !== undefined) return kind;
  throw new UsageError(`KIND is one of ${NAMES.join(', ')}, not '${word}'${hint(word, NAMES)}`);
}

function numbersOf(options: Options): number[] {
  return options.texts('N').map((text) => {
    const number = Number(text);
    if (/^\d+$/.test(text) && number >= 1 && number <= LABS_MAX) return number;
    throw new UsageError(`N takes numbers from 1 to ${LABS_MAX}, not '${text}'`);
  });
}

function numbered(path: string, number: number): string {
  const ending = extname(path);
  return `${path.slice(0, path.length - ending.length)}-${number}${ending}`;
}
