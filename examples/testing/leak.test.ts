// A server that stops listening and forgets its reactor: a test of it fails, since descriptors are left open.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { listen, Reactor } from 'edgewise';
import { simulate } from 'edgewise/testing';

test('a client is greeted', () =>
  simulate({}, async (sim) => {
    const reactor = new Reactor();
    reactor.attach();
    const handlers = {
      open: (connection: { write(text: string): boolean }) => connection.write('hi\n'),
    };
    const listener = listen({ port: 7007, reactor, handlers });
    const client = await sim.connect(7007);
    assert.equal(await client.line(), 'hi');
    listener.close(); // and not: reactor.close()
  }));
