// What a program does with node:net and the modules above it, in one case: `cases.mjs NAME`, run with and
// without `--import edgewise/net/register` by run.mjs.
import { execFile, fork, spawn } from 'node:child_process';
import cluster from 'node:cluster';
import { once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import http2 from 'node:http2';
import https from 'node:https';
import { createRequire } from 'node:module';
import net, { Server as NamedServer, connect as namedConnect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import tls from 'node:tls';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import { certificate, closed, HOST, LONG, portOf, textOf } from './help.mjs';

const require = createRequire(import.meta.url);
const HELPER = fileURLToPath(new URL('helper.mjs', import.meta.url));
const isOurs = (socket) => socket?._handle?.constructor.name === 'SocketHandle';

function ask(module, options, body) {
  return new Promise((resolve, reject) => {
    const outgoing = module.request(options, async (incoming) => {
      resolve([incoming.statusCode, await textOf(incoming)]);
    });
    outgoing.on('error', reject).end(body);
  });
}

async function temporary(body) {
  const folder = fs.mkdtempSync(join(tmpdir(), 'edgewise-register-'));
  try {
    return await body(join(folder, 'socket'));
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}

/** What a client of an echo server gets, by `connect` of a module. */
async function echoed(connect, listen = (server) => server.listen(0, HOST)) {
  const server = net.createServer((socket) => socket.pipe(socket));
  listen(server);
  if (!server.listening) await once(server, 'listening');
  const client = connect(server.address());
  client.end(LONG);
  const text = await textOf(client);
  await closed(server);
  return text === LONG;
}

const atPort = (connect) => (address) => connect(address.port, HOST);

const cases = {
  async imports() {
    const names = ['connect', 'createConnection', 'createServer', 'Server', 'Socket', 'Stream'];
    const [short] = ['net']; // the name without `node:` is the same module
    const required = require(short);
    const dynamic = await import(short);
    return {
      echoes: [
        await echoed(atPort(namedConnect)),
        await echoed(atPort(required.createConnection)),
        await echoed(atPort(dynamic.connect)),
        await echoed(atPort((port, host) => new net.Socket().connect(port, host))),
        await echoed(atPort((port, host) => net.Socket().connect(port, host))),
      ],
      isOne: names.every((name) => required[name] === net[name] && dynamic[name] === net[name]),
      isLater: process.getBuiltinModule?.('net').connect === net.connect,
      names: names.map((name) => net[name].name),
    };
  },

  async classes() {
    class Child extends net.Socket {}
    function Old() {
      net.Server.call(this);
    }
    Object.setPrototypeOf(Old.prototype, net.Server.prototype);
    const old = new Old();
    old.on('connection', (socket) => socket.end('old'));
    old.listen(0, HOST);
    const child = new Child();
    child.connect(await portOf(old), HOST);
    const text = await textOf(child);
    await closed(old);
    return {
      text,
      instances: [
        child instanceof Child,
        old instanceof net.Server,
        old instanceof NamedServer,
        http.createServer() instanceof net.Server,
        new net.Server() instanceof http.Server,
        net.Server() instanceof net.Server,
        new tls.TLSSocket() instanceof net.Socket,
        {} instanceof net.Socket,
        {} instanceof net.Server,
      ],
    };
  },

  async http() {
    const server = http.createServer((incoming, response) => incoming.pipe(response));
    const events = [];
    server.on('connection', () => events.push('connection'));
    server.on('listening', () => events.push('listening'));
    server.listen(0, HOST);
    const port = await portOf(server);
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    const options = { host: HOST, port, method: 'POST' };
    const answers = [];
    for (const each of [{}, { agent }, { agent }, { agent: false }]) {
      const [status, text] = await ask(http, { ...options, ...each }, LONG);
      answers.push([status, text === LONG]);
    }
    const fetched = await fetch(`http://${HOST}:${port}`, { method: 'POST', body: 'x' });
    answers.push([fetched.status, await fetched.text()]);
    agent.destroy();
    const count = await promisify((callback) => server.getConnections(callback))();
    await closed(server);
    return { answers, events, count, address: server.address(), isListening: server.listening };
  },

  async limits() {
    const server = http.createServer({ requestTimeout: 50, connectionsCheckingInterval: 10 });
    server.listen(0, HOST);
    const port = await portOf(server);
    const slow = namedConnect(port, HOST);
    slow.write('GET / HTTP/1.1\r\n');
    const text = await textOf(slow);
    server.requestTimeout = 0;
    server.headersTimeout = 0;
    server.maxConnections = 1;
    const first = namedConnect(port, HOST);
    await once(server, 'connection');
    const second = namedConnect(port, HOST);
    const [dropped] = await once(server, 'drop');
    const isEnd = (await textOf(second)) === '';
    first.destroy();
    await closed(server);
    return { text: text.split('\r\n')[0], family: dropped.remoteFamily, isEnd };
  },

  async https() {
    const server = https.createServer(certificate(), (incoming, response) => {
      response.end(`${incoming.socket.encrypted} ${incoming.socket.getProtocol()}`);
    });
    server.listen(0, HOST);
    const port = await portOf(server);
    const options = { host: HOST, port };
    const answer = await ask(https, { ...options, rejectUnauthorized: false });
    const untrusted = await ask(https, options).catch((error) => error.code);
    await closed(server);
    return { answer, untrusted };
  },

  async tls() {
    const server = tls.createServer({ ...certificate(), ALPNProtocols: ['a', 'b'] }, (socket) => {
      socket.end(`${LONG} ${socket.alpnProtocol}`);
    });
    server.listen(0, HOST);
    const port = await portOf(server);
    const events = [];
    const options = { host: 'localhost', port, rejectUnauthorized: false, ALPNProtocols: ['b'] };
    const client = tls.connect({ ...options, family: 4 }, () => events.push('callback'));
    for (const name of ['lookup', 'connect', 'ready', 'secureConnect', 'end', 'close']) {
      client.on(name, () => events.push(name));
    }
    events.push(client.connecting);
    client.once('secureConnect', () => events.push(client.connecting, client.remotePort === port));
    const isWhole = (await textOf(client)) === `${LONG} b`;
    if (!client.closed) await once(client, 'close');
    const byPort = tls.connect(port, HOST, { rejectUnauthorized: false });
    await once(byPort, 'secureConnect');
    const name = [byPort.getPeerCertificate().subject?.CN, byPort.authorized];
    byPort.destroy();
    await closed(server);
    const refusals = [];
    for (const bad of [{ port: 1 }, { port: -1 }, { port: 1, cert: 'x' }, { path: '/none/x' }]) {
      try {
        const socket = tls.connect({ host: HOST, ...bad });
        refusals.push((await once(socket, 'error').then(([error]) => error)).code);
      } catch (error) {
        refusals.push(error.code);
      }
    }
    return { events, isWhole, name, refusals };
  },

  async http2() {
    const results = [];
    const onRequest = (incoming, response) => incoming.pipe(response);
    for (const [scheme, server] of [
      ['http', http2.createServer(onRequest)],
      ['https', http2.createSecureServer(certificate(), onRequest)],
    ]) {
      server.listen(0, HOST);
      const url = `${scheme}://${HOST}:${await portOf(server)}`;
      const session = http2.connect(url, { rejectUnauthorized: false });
      const texts = ['x', LONG, ''].map((text) => {
        const stream = session.request({ ':method': 'POST' });
        stream.end(text);
        return textOf(stream).then((answer) => answer === text);
      });
      results.push(await Promise.all(texts), session.encrypted);
      session.close();
      await closed(server);
    }
    return results;
  },

  async starttls() {
    const server = net.createServer((socket) => {
      socket.once('data', () => {
        socket.write('go');
        const context = tls.createSecureContext(certificate());
        const secure = new tls.TLSSocket(socket, { isServer: true, secureContext: context });
        secure.pipe(secure);
      });
    });
    server.listen(0, HOST);
    const socket = namedConnect(await portOf(server), HOST);
    socket.write('upgrade');
    await once(socket, 'data');
    const secure = tls.connect({ socket, rejectUnauthorized: false });
    secure.end(LONG);
    const isWhole = (await textOf(secure)) === LONG;
    await closed(server);
    return isWhole;
  },

  paths: () =>
    temporary(async (path) => {
      const isEchoed = await echoed(
        (address) => namedConnect(address),
        (server) => server.listen(path),
      );
      const server = http.createServer((_, response) => response.end('x'));
      server.listen({ path, readableAll: true, writableAll: true });
      await once(server, 'listening');
      const answer = await ask(http, { socketPath: path });
      // Node's own keep or drop the other bits, by its release.
      const mode = (fs.statSync(path).mode & 0o666).toString(8);
      const address = server.address() === path;
      await closed(server);
      return { isEchoed, answer, mode, address, isLeft: fs.existsSync(path) };
    }),

  async descriptors() {
    const first = net.createServer().listen(0, HOST);
    const port = await portOf(first);
    const second = http.createServer((_, response) => response.end('by its descriptor'));
    second.listen(first);
    await once(second, 'listening');
    const answer = await ask(http, { host: HOST, port });
    await closed(second);
    await closed(first);
    const wrong = http.createServer();
    const failed = once(wrong, 'error');
    wrong.listen({ fd: fs.openSync('/dev/null') });
    return { answer, code: (await failed)[0].code };
  },

  async standardStreams() {
    const child = spawn(process.execPath, [...process.execArgv, HELPER, 'cat']);
    child.stdin.end(LONG);
    const isWhole = (await textOf(child.stdout)) === LONG;
    const { stdout } = await promisify(execFile)('echo', ['x']);
    const types = [child.stdin, child.stdout].map((stream) => stream instanceof net.Socket);
    return { isWhole, stdout, types, isOurs: isOurs(child.stdout) };
  },

  async messages() {
    const child = fork(HELPER, ['messages'], { serialization: 'advanced' });
    child.send({ map: new Map([[1, LONG]]) });
    const [answer] = await once(child, 'message');
    child.disconnect();
    await once(child, 'exit');
    return answer;
  },

  // Node's own server can be sent; what is over a socket of ours is refused, and no process ends.
  async sending() {
    const child = fork(HELPER, ['messages']);
    const server = http.createServer().listen(0, HOST);
    const client = namedConnect(await portOf(server), HOST);
    await once(client, 'connect');
    const results = [server, client].map((each) => {
      try {
        child.send({ map: new Map() }, each, { keepOpen: true });
        return 'sent';
      } catch (error) {
        return error.code;
      }
    });
    client.destroy();
    child.kill();
    await once(child, 'exit');
    await closed(server);
    return results;
  },

  async cluster() {
    const results = [];
    for (const policy of [cluster.SCHED_RR, cluster.SCHED_NONE]) {
      cluster.schedulingPolicy = policy;
      cluster.setupPrimary({ exec: HELPER, args: ['worker'] });
      const workers = [cluster.fork(), cluster.fork()];
      const ports = await Promise.all(
        workers.map(async (worker) => (await once(worker, 'message'))[0].port),
      );
      const answers = [];
      for (let count = 0; count < 6; count++) {
        const options = { host: HOST, port: ports[0], agent: false };
        answers.push((await ask(http, options))[1]);
      }
      for (const worker of workers) worker.disconnect();
      await Promise.all(workers.map((worker) => once(worker, 'exit')));
      results.push(ports[0] === ports[1], answers);
    }
    return results;
  },

  async threads() {
    const worker = new Worker(HELPER, { argv: ['thread'], stdout: true });
    worker.stdout.resume();
    const [answer] = await once(worker, 'message');
    const [code] = await once(worker, 'exit');
    return { answer, code };
  },

  async errors() {
    const codeOf = async (emitter) => {
      const [error] = await once(emitter, 'error');
      return [error.code, error.syscall, error.port, error.address, error.message];
    };
    const taken = http.createServer().listen(4, '192.0.2.1');
    const refused = namedConnect(1, HOST);
    const emitted = Promise.all([taken, refused].map(codeOf));
    const listening = https.createServer().listen(0, HOST);
    const thrown = [];
    for (const call of [
      () => http.createServer().listen(-1),
      () => http.createServer().listen({}),
      () => listening.listen(0),
      () => namedConnect({ port: 'x' }),
      () => net.connect(),
    ]) {
      try {
        const made = call();
        made.destroy?.();
      } catch (error) {
        thrown.push([error.name, error.code]);
      }
    }
    await closed(listening);
    return { emitted: await emitted, thrown };
  },

  async defaults() {
    const before = net.getDefaultAutoSelectFamily();
    net.setDefaultAutoSelectFamily(!before);
    const after = net.getDefaultAutoSelectFamily();
    net.setDefaultAutoSelectFamily(before);
    return [after === !before, net.isIP('::1'), new net.BlockList().check('127.0.0.1')];
  },

  // What is open does not keep the process.
  async liveness() {
    const server = net.createServer((socket) => socket.unref()).listen(0, HOST);
    const port = await portOf(server);
    server.unref();
    const client = namedConnect(port, HOST);
    await once(client, 'connect');
    client.unref();
    const secure = https.createServer(certificate()).listen(0, HOST);
    await once(secure, 'listening');
    secure.unref();
    return [client.readyState, secure.listening];
  },
};

export const run = (name) => cases[name]();
