// `edgewise lab list`: the labs that there are.
import { configuredLabs, readConfig } from '../config.ts';
import { table } from '../wrap.ts';
import type { Command } from './command.ts';

export const list: Command = {
  name: 'list',
  summary: 'the labs, with their points and checks',
  description: 'Prints a line for each lab.',
  options: {},
  async run() {
    const rows = configuredLabs(readConfig()).map(({ number, title, folder, checks }) => {
      const points = checks.reduce((sum, check) => sum + check.points, 0);
      return [`${number}`, title, `${points}`, `${checks.length}`, folder];
    });
    process.stdout.write(table([['lab', 'title', 'points', 'checks', 'folder'], ...rows]));
    return 0;
  },
};
