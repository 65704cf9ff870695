// With fast-check: lines of any kind, in runs of any hardship. What fails is shrunk in both at once.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { simulate } from 'edgewise/testing';
import { hardship } from 'edgewise/testing/fast-check';
import fc from 'fast-check';
import { startServer } from './upper-case.ts';

const faults = { delayMs: 20, cut: 0.5 };
const line = fc.stringMatching(/^[a-z ]{0,20}$/);

test('every line is answered, in order', () =>
  fc.assert(
    fc.asyncProperty(hardship(), fc.array(line), async (choices, lines) => {
      await simulate({ choices, faults, shrinkMs: 0 }, async (sim) => {
        startServer(7007);
        const client = await sim.connect(7007);
        for (const each of lines) client.write(`${each}\n`);
        client.end();
        const expected = lines.map((each) => `${each.toUpperCase()}\n`).join('');
        assert.equal(await client.text(), expected);
      });
    }),
  ));
