// smtp-server with nodemailer: a letter with an attachment, before and behind STARTTLS, and refusals.
import nodemailer from 'nodemailer';
import { SMTPServer } from 'smtp-server';
import { certificate, HOST, LONG, portOf, textOf } from './help.mjs';

async function listening(letters, options) {
  const server = new SMTPServer({
    ...options,
    onAuth: ({ username, password }, _session, callback) =>
      callback(password === 'right' ? null : new Error('wrong'), { user: username }),
    onData: async (stream, session, callback) => {
      const text = await textOf(stream);
      const { mailFrom, rcptTo } = session.envelope;
      letters.push([mailFrom.address, rcptTo.length, session.secure, text.includes('readiness')]);
      callback(null, `${text.length > LONG.length}`);
    },
  });
  server.on('error', () => undefined); // the client is gone
  server.listen(0, HOST);
  return { server, port: await portOf(server.server) };
}

export async function run() {
  const letters = [];
  const letter = {
    from: 'a@example.org',
    to: ['b@example.org', 'c@example.org'],
    subject: 'readiness',
    text: 'readiness',
    attachments: [{ filename: 'long.txt', content: LONG }],
  };
  const answers = [];
  const send = async (port, options) => {
    const transport = nodemailer.createTransport({ host: HOST, port, ...options });
    const sent = await transport.sendMail(letter).catch((error) => error);
    answers.push(sent.response?.replace(/\d{4,}/g, 'N') ?? sent.code, sent.code ?? null);
    transport.close();
  };
  const auth = (pass) => ({ auth: { user: 'me', pass }, tls: { rejectUnauthorized: false } });
  const open = { authOptional: true, disabledCommands: ['STARTTLS'] };
  for (const [options, client] of [
    [open, {}],
    [certificate(), auth('right')],
    [certificate(), auth('wrong')],
    [
      { ...certificate(), secure: true },
      { secure: true, ...auth('right') },
    ],
  ]) {
    const { server, port } = await listening(letters, options);
    await send(port, client);
    await new Promise((resolve) => server.close(resolve));
  }
  await send(1, {});
  return { letters, answers };
}
