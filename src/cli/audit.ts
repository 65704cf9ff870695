// `edgewise audit PID`: what is wrong with the epoll sets of any process, once or again and again.
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import type { AuditedDescriptor, AuditFinding, AuditReport, ProcessAudit } from '../audit/index.ts';
import { InputError, type Options, UsageError } from './arguments.ts';
import type { Command } from './command.ts';
import { formatTable } from './measure/index.ts';

/** Between the two looks of a single audit: a report that was on its way has come by then. */
const BETWEEN_LOOKS_MS = 300;
/** Rows of the table of people; --json has all. */
const ROWS_MAX = 200;

export const audit: Command = {
  name: 'audit',
  summary: 'what is wrong with the epoll sets of any process (Linux)',
  description:
    'Looks twice at a running process through /proc, and prints what hangs, spins or leaks: ' +
    'undrained edges, ghosts, oneshots that are not armed, sockets that no set watches, and more. ' +
    'The process is not stopped and need not use edgewise; it must be yours, or you root.\n' +
    'Without PID: a line for each process that can be audited.\n' +
    'Exit code 0: nothing is wrong; 1: something is; 2: it cannot be audited.',
  operands: [{ name: 'PID', isOptional: true }],
  options: {
    json: { help: 'the whole report as JSON; with --watch one line each time' },
    watch: { value: 'S', help: 'look every S seconds until SIGINT, and print what changes' },
  },
  async run(options) {
    if (!options.has('PID')) return await all(options);
    const pid = options.integer('PID', 1, 0x7fff_ffff);
    const seconds = options.has('watch') ? options.number('watch', 0.05, 3600) : undefined;
    try {
      return await (seconds === undefined ? once(pid, options) : watch(pid, options, seconds));
    } catch (error) {
      throw refusalOf(error, pid);
    }
  },
};

// One line and exit code 2.
function refusalOf(error: unknown, pid: number): unknown {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ESRCH') return new InputError(`there is no process ${pid}`);
  if (code === 'EACCES' || code === 'EPERM') {
    return new InputError(`process ${pid} is another user's`);
  }
  return code === 'ERR_AUDIT_UNSUPPORTED' ? new InputError(message) : error;
}

async function startAudit(pid: number): Promise<ProcessAudit> {
  const { ProcessAudit } = await import('../audit/index.ts');
  return new ProcessAudit(pid);
}

// Each process that is ours and has an epoll set, but this one.
async function all(options: Options): Promise<number> {
  if (options.has('watch')) throw new UsageError('--watch takes a PID');
  const audits = (await Promise.all(pids().map(auditOf))).filter((each) => each !== undefined);
  if (audits.length === 0) throw new InputError('no process of yours has an epoll set');
  await setTimeout(BETWEEN_LOOKS_MS);
  const reports = audits.flatMap((looks) => {
    try {
      return looks.look();
    } catch {
      return []; // it has ended meanwhile
    }
  });
  const lines = reports.map((report) => JSON.stringify(report));
  const table = formatTable([PROCESS_HEADER, ...reports.map(processRow)]);
  process.stdout.write(options.has('json') ? `${lines.join('\n')}\n` : `${table}\n`);
  return reports.every(({ findings }) => findings.length === 0) ? 0 : 1;
}

function pids(): number[] {
  try {
    return readdirSync('/proc')
      .map(Number)
      .filter((pid) => pid > 0 && pid !== process.pid);
  } catch {
    throw new InputError('an audit reads /proc of Linux');
  }
}

async function auditOf(pid: number): Promise<ProcessAudit | undefined> {
  try {
    return await startAudit(pid);
  } catch {
    return undefined; // another user's, gone, or without a set
  }
}

const PROCESS_HEADER = ['PID', 'program', 'sets', 'entries', 'CPU', 'findings'];

function processRow({ pid, totals, findings, cpu }: AuditReport): string[] {
  const codes = [...new Set(findings.map(({ code }) => code))].join(' ');
  const { sets, entries } = totals;
  return [`${pid}`, programOf(pid), `${sets}`, `${entries}`, percentOf(cpu), codes];
}

function programOf(pid: number): string {
  try {
    return printable(readFileSync(`/proc/${pid}/comm`, 'utf8').trim());
  } catch {
    return '';
  }
}

function percentOf(share = 0): string {
  return `${Math.round(share * 100)} %`;
}

async function once(pid: number, options: Options): Promise<number> {
  const looks = await startAudit(pid);
  await setTimeout(BETWEEN_LOOKS_MS);
  const report = looks.look();
  process.stdout.write(options.has('json') ? `${JSON.stringify(report)}\n` : textOf(report));
  return report.findings.length === 0 ? 0 : 1;
}

async function watch(pid: number, options: Options, seconds: number): Promise<number> {
  const looks = await startAudit(pid);
  const interrupted = new AbortController();
  process.once('SIGINT', () => interrupted.abort());
  let before: AuditReport | undefined;
  while (await pause(seconds * 1000, interrupted.signal)) {
    const report = looks.look();
    const text = options.has('json') ? `${JSON.stringify(report)}\n` : changesOf(report, before);
    process.stdout.write(text);
    before = report;
  }
  return (before?.findings.length ?? 0) === 0 ? 0 : 1;
}

async function pause(ms: number, signal: AbortSignal): Promise<boolean> {
  await setTimeout(ms, undefined, { signal }).catch(() => undefined);
  return !signal.aborted;
}

const HEADER = ['fd', 'set', 'kind', 'mask', 'unread', 'unsent', 'state', 'findings'];

function textOf(report: AuditReport): string {
  const { pid, totals, descriptors } = report;
  const { entries, sets, open } = totals;
  const more = descriptors.length - ROWS_MAX;
  return [
    `process ${pid}: entries ${entries}, epoll sets ${sets}, open descriptors ${open}`,
    formatTable([HEADER, ...descriptors.slice(0, ROWS_MAX).map(rowOf)]),
    more > 0 ? `and ${more} more: --json has all` : '',
    findingsText(report),
  ].join('\n');
}

function rowOf({ fd, set, kind, kernel, socket, findings }: AuditedDescriptor): string[] {
  const state = socket === undefined ? '' : `${socket.protocol} ${socket.state}`;
  const [unread, unsent] = [socket?.receiveQueue, socket?.sendQueue].map((each) => `${each ?? ''}`);
  const codes = findings.join(' ');
  return [
    `${fd}`,
    `${set}`,
    printable(kind),
    kernel.names,
    unread ?? '',
    unsent ?? '',
    state,
    codes,
  ];
}

// A path is another program's, and may have what a terminal obeys.
function printable(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, '?');
}

function findingsText({ findings }: AuditReport): string {
  if (findings.length === 0) return 'nothing wrong\n';
  return findings.map((finding) => `${lineOf(finding)}\n`).join('');
}

function lineOf({ code, fd, what, fix }: AuditFinding): string {
  return `${code}  fd ${fd} ${printable(what)}\n  ${fix}`;
}

// What is new, what is over, and whose queues have changed.
function changesOf(report: AuditReport, before: AuditReport | undefined): string {
  const time = new Date(report.at).toISOString().slice(11, 19);
  const keyOf = ({ code, fd }: AuditFinding) => `${code}  fd ${fd}`;
  const [old, now] = [before?.findings ?? [], report.findings].map(
    (all) => new Set(all.map(keyOf)),
  );
  const lines = [
    ...report.findings.filter((each) => !old?.has(keyOf(each))).map((each) => `+ ${lineOf(each)}`),
    ...[...(old ?? [])].filter((key) => !now?.has(key)).map((key) => `- ${key}`),
    ...queueChanges(report, before),
  ];
  const { entries, findings } = report.totals;
  const counts = `CPU ${percentOf(report.cpu)}, entries ${entries}, findings ${findings}`;
  return [`${time}  ${counts}`, ...lines].map((line) => `${line}\n`).join('');
}

function queueChanges(report: AuditReport, before: AuditReport | undefined): string[] {
  const keyOf = ({ set, kernel }: AuditedDescriptor) => `${set} ${kernel.inode}`;
  const old = new Map(before?.descriptors.map((each) => [keyOf(each), each.socket]));
  return report.descriptors.flatMap((each) => {
    const [now, was] = [each.socket, old.get(keyOf(each))];
    if (now === undefined || was === undefined) return [];
    const unread = changeOf('unread', now.receiveQueue, was.receiveQueue);
    const unsent = changeOf('unsent', now.sendQueue, was.sendQueue);
    return unread + unsent === '' ? [] : [`  fd ${each.fd}${unread}${unsent}`];
  });
}

function changeOf(name: string, now = 0, was = 0): string {
  if (now === was) return '';
  return `  ${name} ${now} (${now > was ? '+' : ''}${now - was})`;
}
