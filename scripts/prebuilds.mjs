// The published binaries, prebuilds/<platform>-<arch>[-musl]/: their names, whether one is whole, and
// how a folder of them is made. prebuild.mjs makes them, prepack.mjs lets them into the tarball.
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** What is published: zig's name of the target, and gyp's of its system. */
export const TARGETS = {
  'linux-x64': { triple: 'x86_64-linux-gnu.2.17', system: 'linux' },
  'linux-arm64': { triple: 'aarch64-linux-gnu.2.17', system: 'linux' },
  'linux-x64-musl': { triple: 'x86_64-linux-musl', system: 'linux' },
  'linux-arm64-musl': { triple: 'aarch64-linux-musl', system: 'linux' },
  'darwin-x64': { triple: 'x86_64-macos.11.0', system: 'mac' },
  'darwin-arm64': { triple: 'aarch64-macos.11.0', system: 'mac' },
  'freebsd-x64': { triple: 'x86_64-freebsd.14.0', system: 'freebsd' },
};

/** What each folder holds: the addon, and the load generator of `edgewise demo`. */
export const BINARIES = ['edgewise.node', 'edgewise-load'];

export const folderOf = (name) => join('prebuilds', name);

/** The name under which src/native.ts looks on this machine. */
export function hostName() {
  const { platform, arch } = process;
  const isMusl =
    platform === 'linux' && process.report.getReport().header.glibcVersionRuntime === undefined;
  return `${platform}-${arch}${isMusl ? '-musl' : ''}`;
}

/**
 * Makes a folder of binaries: elsewhere at first, since what is in prebuilds/ is packed, however
 * far its making came. It replaces the old one when it is whole.
 *
 * @param fill - called with the folder to put the binaries in; may be asynchronous.
 */
export async function makePrebuild(name, fill) {
  const fresh = join('build-prebuilds', name);
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh, { recursive: true });
  await fill(fresh);
  const folder = folderOf(name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(dirname(folder), { recursive: true });
  renameSync(fresh, folder);
}

/** The oldest glibc that published binaries run with, 2.x: see TARGETS. */
export const GLIBC_MINOR = 17;

/** The newest glibc that one of some binaries asks for, 2.x; 0: they ask for none. */
export function glibcMinor(paths) {
  const versions = paths.flatMap((path) => [
    ...readFileSync(path, 'latin1').matchAll(/\bGLIBC_2\.(\d+)/g),
  ]);
  return Math.max(0, ...versions.map(([, minor]) => Number(minor)));
}

/** The machine of an ELF header and of a Mach-O header. elf.h, mach-o/loader.h. */
const MACHINES = { x64: [62, 0x01000007], arm64: [183, 0x0100000c] };
const ELF = 0x464c457f;
const MACH_O = 0xfeedfacf;
const LC_SEGMENT_64 = 0x19;

/** Where the last part of the file that a header names ends. */
function elfEnd(bytes) {
  const [programs, sections] = [32, 40].map((at) => Number(bytes.readBigUInt64LE(at)));
  const [programSize, programCount, sectionSize, sectionCount] = [54, 56, 58, 60].map((at) =>
    bytes.readUInt16LE(at),
  );
  const ends = [programs + programSize * programCount, sections + sectionSize * sectionCount];
  for (let at = programs; at < ends[0]; at += programSize) {
    ends.push(Number(bytes.readBigUInt64LE(at + 8) + bytes.readBigUInt64LE(at + 32)));
  }
  return Math.max(...ends);
}

function machOEnd(bytes) {
  let end = 32 + bytes.readUInt32LE(20);
  for (let left = bytes.readUInt32LE(16), at = 32; left > 0; left--) {
    if (bytes.readUInt32LE(at) === LC_SEGMENT_64) {
      end = Math.max(end, Number(bytes.readBigUInt64LE(at + 40) + bytes.readBigUInt64LE(at + 48)));
    }
    at += bytes.readUInt32LE(at + 4);
  }
  return end;
}

/**
 * What is wrong with a binary, by its headers: it may be of another system than ours.
 *
 * @param name - of the prebuild that it is in or for.
 * @returns text that follows the path; undefined: it is whole.
 */
export function flawOf(path, name) {
  if (!existsSync(path)) return 'is not there';
  const bytes = readFileSync(path);
  if (bytes.length === 0) return 'is empty';
  const [platform, arch] = name.split('-');
  const isMac = platform === 'darwin';
  try {
    if (bytes.readUInt32LE(0) !== (isMac ? MACH_O : ELF)) {
      return `is no ${isMac ? 'Mach-O' : 'ELF'} file`;
    }
    const machine = isMac ? bytes.readUInt32LE(4) : bytes.readUInt16LE(18);
    if (machine !== (MACHINES[arch]?.[isMac ? 1 : 0] ?? machine)) return `is not for ${arch}`;
    if ((isMac ? machOEnd(bytes) : elfEnd(bytes)) <= bytes.length) return undefined;
  } catch (error) {
    if (error.code !== 'ERR_OUT_OF_RANGE' && error.code !== 'ERR_BUFFER_OUT_OF_BOUNDS') throw error;
  }
  return 'is cut off';
}
