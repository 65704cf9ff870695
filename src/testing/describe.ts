// What a simulated descriptor is, in a few words.
import type { Machine } from './kernel/machine.ts';
import type { OpenFile } from './kernel/open-file.ts';
import { Socket } from './kernel/socket.ts';

/** Such as `'listener 127.0.0.1:7007'` or `'connection 127.0.0.1:7007 to 127.0.0.1:32768'`. */
export function describe(file: OpenFile): string {
  if (!(file instanceof Socket)) return file.kind;
  const { local, remote, listening, stream } = file;
  if (listening !== undefined) return `listener ${local.text}`;
  if (stream !== undefined && local.text === '') return 'connection';
  if (stream !== undefined) return `connection ${local.text} to ${remote?.text ?? ''}`.trim();
  return `socket ${local.text}`.trim();
}

/** The same of a descriptor. */
export function describeFile(machine: Machine, fd: number): string {
  const file = machine.table.fileOf(fd);
  return file === undefined ? 'closed' : describe(file);
}

/** Which descriptors are open, and which have bytes that were not read. */
export function describeOpen(machine: Machine): string {
  const { numbers } = machine.table;
  if (numbers.length === 0) return 'nothing is open';
  const files = numbers.map((fd) => ({
    text: describeFile(machine, fd),
    unread: machine.unreadOf(fd),
  }));
  // What was not read is the first suspect: an edge is reported once.
  files.sort((a, b) => b.unread - a.unread);
  return files
    .map(({ text, unread }) => (unread === 0 ? text : `${text} has ${unread} bytes unread`))
    .join('; ');
}
