// Started by handover.test.ts as root: plays another user, which asks for sockets of ours
// (`ask PATH`), or offers some at a path where another user asks (`listen PATH`).
import { connect, listen, takeOver } from '../../dist/index.js';

const OTHER_USER = 65_534;
const [mode, path] = process.argv.slice(2);
process.seteuid(OTHER_USER);

function ask() {
  const open = (connection) => {
    connection.write('confirm\n');
    console.log('asked');
    connection.destroy();
  };
  connect({ path, handlers: { open, close: (_, error) => error && console.log(error.code) } });
}

async function listenAndBeAsked() {
  const listener = listen({ path, handlers: {} });
  process.seteuid(0);
  try {
    await takeOver({ path });
    console.log('taken');
  } catch (error) {
    console.log(`refused by: ${error.code}`);
  }
  listener.close();
}

if (mode === 'ask') ask();
else await listenAndBeAsked();
