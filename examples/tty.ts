// A terminal as a source, key by key. It is opened once more, so that O_NONBLOCK is ours alone and
// the shell's terminal does not get it. The settings have no such way out: they belong to the
// terminal itself, so they are put back whatever happens. Ends with q, Ctrl-C or Ctrl-D.
import { openReader, openWriter, Reactor } from 'edgewise';
import * as sys from 'edgewise/sys';
import { check } from './listen.ts';

const { O_NONBLOCK, TCSADRAIN } = sys.constants;
const STDIN = 0;
const CTRL_C = 3;
const CTRL_D = 4;

if (sys.isatty(STDIN) !== 1) {
  console.error('standard input is no terminal');
  process.exit(1);
}

const reactor = new Reactor();
const [before, raw] = [new sys.Termios(), new sys.Termios()];
for (const settings of [before, raw]) check(sys.tcgetattr(STDIN, settings), 'tcgetattr');
sys.cfmakeraw(raw);
const restore = () => sys.tcsetattr(STDIN, TCSADRAIN, before);
process.on('exit', restore); // also when something was thrown

// Two descriptions of the same terminal: one to read, one to write.
const keys = check(sys.reopen(STDIN, O_NONBLOCK), 'reopen');
const screen = openWriter(check(sys.reopen(STDIN, O_NONBLOCK), 'reopen'), {
  reactor,
  handlers: { close: () => restore() },
});

openReader(keys, {
  reactor,
  handlers: {
    // One key, or several when they were faster than we, or a sequence such as ESC [ A.
    data(reader, bytes) {
      screen.write(`${JSON.stringify(bytes.toString('utf8'))}\r\n`); // raw: no \n to \r\n
      if (bytes.includes('q') || bytes.includes(CTRL_C) || bytes.includes(CTRL_D)) reader.destroy();
    },
    close: () => screen.end('bye\r\n'), // or the terminal has gone
  },
});
// An `end` leaves by itself; these two do not come from the keys here, since the terminal is raw.
for (const name of ['SIGTERM', 'SIGHUP'] as const) reactor.onSignal(name, () => reactor.close());

check(sys.tcsetattr(STDIN, TCSADRAIN, raw), 'tcsetattr');
screen.write('press keys, q to end\r\n');
await reactor.run();
