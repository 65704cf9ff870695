// The contenders of `trace` and `register-edge`: each echoes, and those that are traced leave a trace of
// their level.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { decodeTrace, eventsOf } from '../../src/trace/index.ts';
import { scenarios } from '../src/scenarios/index.ts';
import { exchange } from './clients.ts';
import { withServer } from './server.ts';

const named = (name: string) => scenarios.find((scenario) => scenario.name === name)?.own ?? [];

describe.each(['trace', 'register-edge'])('%s', (name) => {
  it.each(named(name))('$name', async (contender) => {
    const found = await contender.locate();
    const command = 'command' in found ? found.command('tcp-echo', {}) : undefined;
    if (command === undefined) throw new Error(`${contender.name} is missing`);
    const end = await withServer(command, async (port) => {
      const { sent, received } = await exchange(port, 1000);
      expect(received).toBe(sent);
    });
    expect(end.code === 0 || end.signal === 'SIGTERM').toBe(true);
    const [path, level] = command.env?.EDGEWISE_TRACE?.split(',') ?? [];
    expect(level === undefined).toBe(!contender.name.startsWith('traced-'));
    if (path === undefined) return;
    const [stream] = decodeTrace(readFileSync(path)).streams;
    expect(stream?.level).toBe(level);
    const waits = stream?.counts?.reactor.events['wait-end'] ?? 0;
    const events = stream === undefined ? [] : [...eventsOf(stream)];
    expect(waits + events.length).toBeGreaterThan(0);
  });
});
