// What all contenders have in common: whatever goes wrong while one is looked for makes it a missing
// one, with a hint, and is no failure of the run.
import { existsSync } from 'node:fs';
import type { Command, Contender, Located, Missing, Role, Setting } from '../model.ts';
import { inRoot } from '../root.ts';
import { run } from './run.ts';

/** Role -> how the contender plays it; a role that is not there it cannot play. */
export type Parts = Partial<Record<Role, (setting: Setting) => readonly string[]>>;

export type Family = Contender['family'];

/** Puts a contender together. `look` may throw: its message is the reason why it is missing. */
export function contender(
  name: string,
  label: string,
  family: Family,
  install: string,
  look: () => Promise<Located>,
): Contender {
  const locate = async (): Promise<Located | Missing> => {
    try {
      return await look();
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      return { reason: reason.split('\n')[0] ?? reason, install };
    }
  };
  return { name, label, family, locate };
}

/** One that runs `file`, with the words of the role behind `before`. */
export function located(
  version: string,
  file: string,
  parts: Parts,
  { before = [], env }: { before?: readonly string[]; env?: Readonly<Record<string, string>> } = {},
): Located {
  const command = (role: Role, setting: Setting): Command | undefined => {
    const args = parts[role]?.(setting);
    return args && { file, args: [...before, ...args], ...(env && { env }) };
  };
  return { version, command };
}

/** The parts of a program that takes the role as its first word. */
export function partsOf(...roles: readonly Role[]): Parts {
  return Object.fromEntries(roles.map((role) => [role, () => [role]]));
}

/** What a program says of its version: the first line. */
export async function versionOf(file: string, ...args: readonly string[]): Promise<string> {
  const [line = ''] = (await run(file, args, { timeoutMs: 20_000 })).split('\n');
  return line.trim();
}

/** The path of a file of the checkout that a build makes. */
export function built(path: string): string {
  if (!existsSync(inRoot(path))) throw new Error(`${path} has not been built`);
  return inRoot(path);
}

/** The text of a setting that the role needs. */
export function settingOf(setting: Setting, name: string): string {
  const value = setting[name];
  if (value === undefined) throw new TypeError(`the setting has no '${name}'`);
  return String(value);
}
