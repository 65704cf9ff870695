// inotify as a source: the kernel reports what happens in a folder. `npm run example -- inotify
// FOLDER` goes on until Ctrl-C; without a folder it makes one, changes it, and ends. Linux only.
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openReader, Reactor } from 'edgewise';
import * as sys from 'edgewise/sys';
import { check } from './listen.ts';

const { IN_CREATE, IN_CLOSE_WRITE, IN_MOVED_FROM, IN_MOVED_TO, IN_DELETE } = sys.constants;
const { IN_DELETE_SELF, IN_IGNORED, IN_Q_OVERFLOW, IN_NONBLOCK, IN_ONLYDIR } = sys.constants;
const MASK = IN_CREATE | IN_CLOSE_WRITE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE | IN_DELETE_SELF;
const NAMES = Object.entries({
  IN_CREATE,
  IN_CLOSE_WRITE,
  IN_MOVED_FROM,
  IN_MOVED_TO,
  IN_DELETE,
  IN_DELETE_SELF,
  IN_IGNORED,
  IN_Q_OVERFLOW,
});

const given = process.argv[2];
const folder = given ?? mkdtempSync(join(tmpdir(), 'edgewise-'));
const reactor = new Reactor();
const inotify = check(sys.inotify_init1(IN_NONBLOCK), 'inotify_init1');
check(sys.inotify_add_watch(inotify, folder, MASK | IN_ONLYDIR), 'inotify_add_watch');

const watcher = openReader(inotify, {
  reactor,
  handlers: {
    // A read gives whole events. `bytes` lasts until we return, what is made of it stays.
    data(_reader, bytes) {
      for (const event of sys.inotifyEvents(bytes)) {
        const what = NAMES.filter(([, bit]) => (event.mask & bit) !== 0).map(([name]) => name);
        const pair = event.cookie === 0 ? '' : ' (one half of a rename)';
        console.log(`${what.join('|').padEnd(14)} ${event.name}${pair}`);
        if ((event.mask & IN_IGNORED) !== 0) watcher.destroy(); // the folder has gone
      }
    },
  },
});
reactor.onSignal('SIGINT', () => watcher.destroy());

console.log(`watching ${folder}`);
if (given === undefined) {
  writeFileSync(join(folder, 'draft'), 'text');
  renameSync(join(folder, 'draft'), join(folder, 'final'));
  rmSync(folder, { recursive: true });
}
await reactor.run();
