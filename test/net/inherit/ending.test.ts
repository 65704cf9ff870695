// The ends of an offer and of what was taken over: `close`, `destroy`, `using`, and what keeps the
// reactor alive.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bindDatagram } from '../../../src/net/datagram/index.ts';
import { type HandOver, offerHandOver, takeOver } from '../../../src/net/inherit/index.ts';
import { listen } from '../../../src/net/listen/index.ts';
import { Reactor } from '../../../src/reactor/reactor.ts';
import * as sys from '../../../src/sys/index.ts';
import { must, useDescriptors } from '../../helpers/descriptors.ts';
import { codeOf } from '../recorder.ts';

describe('hand-over', () => {
  const descriptors = useDescriptors();
  let folder = '';
  let nameCount = 0;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'edgewise-ending-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  function reactorOf(): Reactor {
    const reactor = descriptors.using(new Reactor());
    reactor.attach();
    return reactor;
  }

  function offered() {
    const reactor = reactorOf();
    const path = join(folder, `${nameCount++}`);
    const listener = listen({ host: '127.0.0.1', handlers: {}, reactor });
    const failures: string[] = [];
    let wake: () => void = () => undefined;
    const failed = new Promise<void>((resolve) => {
      wake = resolve;
    });
    const handlers = {
      handedOver: () => undefined,
      failed: (_: HandOver, error: Error) => {
        failures.push(`${codeOf(error)}: ${error.message}`);
        wake();
      },
    };
    const offer = descriptors.using(
      offerHandOver({ path, sockets: { web: listener }, handlers, reactor }),
    );
    return { reactor, path, listener, offer, failures, failed };
  }

  /** Takes the sockets over, and closes them: only the conversation matters here. */
  async function taken(path: string) {
    const reactor = reactorOf();
    const took = await takeOver({ path, reactor });
    if (took === undefined) throw new Error('no offer');
    for (const { fd } of took.sockets) must(sys.close(fd));
    return { reactor, took };
  }

  it('a datagram socket that was handed over is closed at once, whatever it has to send', async () => {
    const reactor = reactorOf();
    const [from, to, path] = ['from', 'to', 'offer'].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    const receiver = descriptors.using(bindDatagram({ path: to, handlers: {}, reactor }));
    const socket = descriptors.using(bindDatagram({ path: from, handlers: {}, reactor }));
    receiver.pause();
    while (socket.queuedCount < 5) socket.send('x', receiver.address);
    const handlers = { handedOver: () => undefined };
    descriptors.using(offerHandOver({ path, sockets: { socket }, handlers, reactor }));
    const { took } = await taken(path);
    await took.confirm();
    expect([socket.isClosed, socket.fd]).toEqual([true, -1]);
  });

  it.each([
    ['close', (offer: HandOver) => offer.close(), 'the offer was withdrawn'],
    ['destroy', (offer: HandOver) => offer.destroy(new Error('mine')), 'mine'],
    ['dispose', (offer: HandOver) => offer[Symbol.dispose](), 'the offer was withdrawn'],
    ['asyncDispose', (offer: HandOver) => offer[Symbol.asyncDispose](), 'the offer was withdrawn'],
  ] as const)('an offer ends by %s, and the sockets stay', async (_, end, message) => {
    const { path, offer, listener, failures, failed } = offered();
    const { took } = await taken(path);
    expect([offer.isClosed, took.isClosed]).toEqual([false, false]);
    await end(offer);
    expect(offer.isClosed).toBe(true);
    await failed;
    expect(failures).toEqual([`ERR_HANDOVER_FAILED: ${message}`]);
    await expect(took.confirm()).rejects.toMatchObject({ code: 'ERR_HANDOVER_FAILED' });
    expect([took.isClosed, listener.isClosed]).toEqual([true, false]);
    await end(offer); // does nothing the second time
    expect(failures).toHaveLength(1);
  });

  it('close in `handedOver` does not take the answer back', async () => {
    const reactor = reactorOf();
    const path = join(folder, `${nameCount++}`);
    const listener = listen({ host: '127.0.0.1', handlers: {}, reactor });
    const handlers = { handedOver: (offer: HandOver) => offer.close() };
    descriptors.using(offerHandOver({ path, sockets: { web: listener }, handlers, reactor }));
    const { took } = await taken(path);
    await took.confirm();
    expect(listener.isClosed).toBe(true);
  });

  it.each(['close', 'destroy', 'dispose', 'asyncDispose'] as const)(
    'what was taken over and not confirmed is given up by %s',
    async (how) => {
      const { path, listener, failures, failed } = offered();
      const { took } = await taken(path);
      const endings = {
        close: () => took.close(),
        destroy: () => took.destroy(new Error('mine')),
        dispose: () => took[Symbol.dispose](),
        asyncDispose: () => took[Symbol.asyncDispose](),
      };
      await endings[how]();
      await failed;
      expect(failures[0]).toMatch(/^ERR_HANDOVER_FAILED: .*without confirming$/);
      expect([took.isClosed, listener.isClosed]).toEqual([true, false]);
    },
  );

  it('what was taken over keeps the reactor alive unless unref; an offer only by ref', async () => {
    const { path, offer, reactor: earlier, listener } = offered();
    const { reactor, took } = await taken(path);
    expect(took.hasRef()).toBe(true);
    expect(took.unref().hasRef()).toBe(false);
    await reactor.run(); // nothing that would keep it
    expect(took.ref().hasRef()).toBe(true);
    const running = reactor.run();
    took.close();
    await running;

    expect(offer.hasRef()).toBe(false);
    listener.unref();
    expect(offer.ref().hasRef()).toBe(true);
    const offering = earlier.run();
    expect(offer.unref().hasRef()).toBe(false);
    await offering;
  });
});
