// `edgewise lab explain ID`: all that a check can have to say.
import { configuredLabs, readConfig } from '../config.ts';
import { commonCauses } from '../exam/causes.ts';
import type { Cause, Check } from '../lab.ts';
import { wrap } from '../wrap.ts';
import type { Command, Options } from './command.ts';
import { columnsOf } from './display.ts';
import { checkWith } from './words.ts';

const LABEL_COLUMNS = 10;

export const explain: Command = {
  name: 'explain',
  summary: 'a check in full: what it does, expects, and every way to fail it',
  description: 'Prints the long form of the check ID, for example 4.3.',
  operands: [{ name: 'ID' }],
  options: {},
  async run(options: Options) {
    const { lab, check } = checkWith(options.text('ID'), configuredLabs(readConfig()));
    const columns = columnsOf(process.stdout);
    process.stdout.write(
      `${linesOf(check, `lab ${lab.number}, ${lab.title}`, columns).join('\n')}\n`,
    );
    return 0;
  },
};

function linesOf(check: Check, where: string, columns: number): string[] {
  const { id, name, points, task, did, expected, causes, needs } = check;
  return [
    ...wrap(`${id} ${name}`, columns),
    ...wrap(`${where}; task ${task}; ${points} point${points === 1 ? '' : 's'}`, columns),
    ...(needs === undefined
      ? []
      : [`made only where there is ${needs === 'proc' ? '/proc' : needs}`]),
    '',
    ...part('did', did, columns),
    ...part('expected', expected, columns),
    ...Object.values(causes).flatMap((cause, at, all) =>
      causeLines(`way ${at + 1} of ${all.length} to fail:`, cause, columns),
    ),
    '',
    ...wrap(`As with every program: ${Object.keys(commonCauses).join(', ')}.`, columns),
  ];
}

function causeLines(heading: string, { why, next, read }: Cause, columns: number): string[] {
  return [
    '',
    heading,
    ...part('why', why, columns),
    ...part('next', next, columns),
    ...part('read', read, columns),
  ];
}

function part(label: string, text: string, columns: number): string[] {
  const plain = text.replace(/\{(\w+)\}/g, '…'); // what a failing run fills in
  const indent = ' '.repeat(LABEL_COLUMNS + 2);
  return wrap(plain, columns - LABEL_COLUMNS - 2).map((line, at) =>
    at === 0 ? `  ${label.padEnd(LABEL_COLUMNS)}${line}` : `${indent}${line}`,
  );
}
