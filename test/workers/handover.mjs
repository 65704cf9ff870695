// Started by handover.test.ts as root: plays another user, who asks for sockets that are not his
// (`ask PATH`), or who offers some at a path where somebody else asks (`listen PATH`).
import { connect, listen, takeOver } from '../../dist/index.js';

const NOBODY = 65_534;
const [mode, path] = process.argv.slice(2);
process.seteuid(NOBODY);

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
