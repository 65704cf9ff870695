// @grpc/grpc-js: unary calls, streams both ways, errors, without TLS and with it.
import grpc from '@grpc/grpc-js';
import { certificate, HOST, LONG } from './help.mjs';

const plain = { serialize: (text) => Buffer.from(text), deserialize: String };
const method = (name, requestStream, responseStream) => ({
  path: `/test.Test/${name}`,
  requestStream,
  responseStream,
  requestSerialize: plain.serialize,
  requestDeserialize: plain.deserialize,
  responseSerialize: plain.serialize,
  responseDeserialize: plain.deserialize,
});
const service = { echo: method('Echo', false, false), chat: method('Chat', true, true) };
const handlers = {
  echo: ({ request }, callback) => {
    if (request === 'fail') callback({ code: grpc.status.NOT_FOUND, details: 'nothing' });
    else callback(null, request);
  },
  chat: (call) => {
    call.on('data', (text) => call.write(text.toUpperCase()));
    call.on('end', () => call.end());
  },
};

async function over(serverCredentials, clientCredentials, options) {
  const server = new grpc.Server();
  server.addService(service, handlers);
  const port = await new Promise((resolve, reject) => {
    const onBound = (error, bound) => (error ? reject(error) : resolve(bound));
    server.bindAsync(`${HOST}:0`, serverCredentials, onBound);
  });
  const Client = grpc.makeGenericClientConstructor(service, 'Test');
  const client = new Client(`${HOST}:${port}`, clientCredentials, options);
  const echo = (text) =>
    new Promise((resolve) => {
      client.echo(text, (error, answer) => resolve(error ? [error.code, error.details] : answer));
    });
  const [long, failed] = [(await echo(LONG)) === LONG, await echo('fail')];
  const many = await Promise.all(Array.from({ length: 30 }, (_, index) => echo(`${index}`)));
  const call = client.chat();
  for (const word of ['one', 'two', 'three']) call.write(word);
  call.end();
  const words = [];
  for await (const word of call) words.push(word);
  client.close();
  await new Promise((resolve) => server.tryShutdown(resolve));
  return { long, failed, many, words };
}

export async function run() {
  const { key, cert } = certificate();
  const insecure = await over(
    grpc.ServerCredentials.createInsecure(),
    grpc.credentials.createInsecure(),
  );
  const secure = await over(
    grpc.ServerCredentials.createSsl(null, [{ private_key: key, cert_chain: cert }]),
    grpc.credentials.createSsl(cert, null, null, { checkServerIdentity: () => undefined }),
    { 'grpc.ssl_target_name_override': 'localhost' },
  );
  return { insecure, secure };
}
