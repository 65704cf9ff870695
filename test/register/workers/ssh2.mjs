// ssh2, client and server: a command, and a connection that is forwarded.
import { once } from 'node:events';
import ssh2 from 'ssh2';
import { HOST, LONG } from './help.mjs';

function onSession(accept) {
  accept().once('exec', (acceptExec, _reject, { command }) => {
    const stream = acceptExec();
    stream.write(command === 'long' ? LONG : command);
    stream.exit(command === 'fail' ? 3 : 0);
    stream.end();
  });
}

function onClient(client) {
  client.on('error', () => undefined); // a password that is wrong, and then the end
  client.on('authentication', (context) =>
    context.method === 'password' && context.password === 'right'
      ? context.accept()
      : context.reject(['password']),
  );
  client.on('session', onSession);
  client.on('tcpip', (accept) => {
    const stream = accept();
    stream.pipe(stream);
  });
}

/** Everything that a channel brings until it is closed, which needs both of its sides. */
async function textOf(stream) {
  let text = '';
  stream.on('data', (chunk) => {
    text += chunk;
  });
  stream.stderr?.resume();
  await once(stream, 'close');
  return text;
}

// Listeners are there in the callback: what comes next may have come along.
function execute(client, command) {
  return new Promise((resolve, reject) => {
    client.exec(command, (error, stream) => {
      if (error) reject(error);
      else resolve(Promise.all([textOf(stream), once(stream, 'exit')]));
    });
  });
}

export async function run() {
  const { private: key } = ssh2.utils.generateKeyPairSync('ed25519');
  const server = new ssh2.Server({ hostKeys: [key] }, onClient);
  server.listen(0, HOST);
  await once(server, 'listening');
  const place = { host: HOST, port: server.address().port, username: 'me' };
  const client = new ssh2.Client();
  client.connect({ ...place, password: 'right' });
  await once(client, 'ready');
  const results = [];
  for (const command of ['short', 'long', 'fail']) {
    const [text, [code]] = await execute(client, command);
    results.push([text === (command === 'long' ? LONG : command), code]);
  }
  const stream = await new Promise((resolve, reject) => {
    const onStream = (error, opened) => (error ? reject(error) : resolve(opened));
    client.forwardOut(HOST, 1, HOST, 2, onStream);
  });
  stream.end(LONG);
  const forwarded = (await textOf(stream)) === LONG;
  const stranger = new ssh2.Client();
  stranger.connect({ ...place, password: 'wrong' });
  const [refusal] = await once(stranger, 'error');
  const ended = once(client, 'close');
  client.end();
  await ended;
  await new Promise((resolve) => server.close(resolve));
  return { results, forwarded, refusal: refusal.level };
}
