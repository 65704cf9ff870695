// What Node prints of an exception that nothing has caught, as a student needs it: the line of theirs that it
// comes from, and the message.
import { realpathSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const MESSAGE_LINES_MAX = 8;
const FRAMES_MAX = 4;
const ERROR = /^(Uncaught )?\w*(Error|Exception)\b/;
const FRAME = /^\s+at /;

/** The frames of a stack that are in a folder, by paths from there; of others the first ones. */
export function framesOf(stack: string, folder: string): string[] {
  const frames = stack.split('\n').filter((line) => FRAME.test(line) && !/\(?node:/.test(line));
  const own = frames.filter((line) => isOwn(line, folder));
  const shown = own.length > 0 ? own : frames;
  return shown.slice(0, FRAMES_MAX).map((line) => fromFolder(line.replace(/ \{$/, ''), folder));
}

/** Of what a program has printed: where it was, which error it was, and its frames; or its last lines. */
export function lastWordsOf(text: string, count: number, folder: string): string {
  const lines = text.trimEnd().split('\n');
  const at = lines.findIndex((line) => ERROR.test(line));
  if (at < 0) return lines.slice(-count).join('\n');
  const stack = lines.slice(at);
  const end = stack.findIndex((line, index) => index > 0 && (FRAME.test(line) || line === ''));
  const message = stack.slice(0, end < 0 ? undefined : end).slice(0, MESSAGE_LINES_MAX);
  const frames = framesOf(stack.join('\n'), folder);
  return [...excerptIn(lines.slice(0, at), folder), ...message, ...frames].join('\n');
}

/** Whether Node could not even read the program: what JSON.parse throws comes from a line that has run. */
export function isUnreadable(text: string, folder: string): boolean {
  if (/\bERR_MODULE_NOT_FOUND\b/.test(text)) return true;
  const frames = text.split('\n').filter((line) => FRAME.test(line) && isOwn(line, folder));
  return /^SyntaxError\b/m.test(text) && frames.length === 0;
}

// The file and its line, and below it the line with a mark under what is wrong; of code of others, the place alone.
function excerptIn(lines: readonly string[], folder: string): string[] {
  const at = lines.findLastIndex((line) => /^(file:\/\/)?\/\S+:\d+$/.test(line));
  const place = lines[at];
  if (place === undefined) return [];
  if (!isOwn(place, folder)) return [];
  const code = lines.slice(at + 1).filter((line) => line !== '');
  return [fromFolder(place, folder), ...code.slice(0, 2).map((line) => `  ${line.slice(0, 200)}`)];
}

function isOwn(line: string, folder: string): boolean {
  return !line.includes('/node_modules/') && namesOf(folder).some((name) => line.includes(name));
}

function fromFolder(line: string, folder: string): string {
  return namesOf(folder).reduce((text, name) => text.replaceAll(name, ''), line);
}

// As Node has it, without symbolic links, as a URL or a path.
function namesOf(folder: string): string[] {
  const path = realpathSync(folder);
  return [`${pathToFileURL(path).href}/`, `${path}/`];
}
