// What `lint` takes, and where a finding goes.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, it } from 'vitest';
import { LintError, type LintFinding, type LintOptions, type Settled } from '../../../src/index.ts';
import { listen } from '../../../src/net/listen/listen.ts';
import { Interest } from '../../../src/poller/interest.ts';
import { Reactor } from '../../../src/reactor/reactor.ts';
import * as sys from '../../../src/sys/index.ts';
import { eventsOf, KIND_NAMES, type TraceStream } from '../../../src/trace/index.ts';
import { sentenceOf } from '../../../src/view/sentences.ts';
import { must, portOf, useDescriptors } from '../../helpers/descriptors.ts';
import { Recorder, send, turnIdly, turnUntil } from '../../helpers/handlers.ts';
import { makeLinted, stopClock } from './linted.ts';

const { Readable } = Interest;
const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const descriptors = useDescriptors();
beforeEach(() => void stopClock());

/** Closes the descriptor of an open registration: one finding, at once. */
function closeRegistered(reactor: Reactor, handler: object = new Recorder()): number {
  const [ours] = descriptors.socketpair();
  reactor.register(ours, Readable, handler as Recorder);
  descriptors.close(ours);
  return ours;
}

const CLOSED = 'EDGEWISE_CLOSED_WHILE_REGISTERED';

describe('options', () => {
  it.each<[wrong: unknown, code: string, said: RegExp]>([
    ['yes', 'ERR_INVALID_ARG_TYPE', /"options\.lint" must be a boolean or an object/],
    [null, 'ERR_INVALID_ARG_TYPE', /a boolean or an object/],
    [{ only: CLOSED }, 'ERR_INVALID_ARG_TYPE', /"options\.lint\.only" must be an array/],
    [{ ignore: [7] }, 'ERR_INVALID_ARG_TYPE', /"options\.lint\.ignore\[0\]" must be a code/],
    [{ only: ['EDGEWISE_SPINING'] }, 'ERR_INVALID_ARG_VALUE', /is 'EDGEWISE_SPINNING' meant\?/],
    [{ ignore: ['nonsense'] }, 'ERR_INVALID_ARG_VALUE', /must be a code of docs\/lints\.md; rec/],
    [{ on: 7 }, 'ERR_INVALID_ARG_TYPE', /"options\.lint\.on" must be a function/],
    [{ throw: 1 }, 'ERR_INVALID_ARG_TYPE', /"options\.lint\.throw" must be a boolean/],
    [{ slowHandlerMs: '5' }, 'ERR_INVALID_ARG_TYPE', /slowHandlerMs" must be a number/],
    [{ slowHandlerMs: 0 }, 'ERR_OUT_OF_RANGE', /slowHandlerMs" must be a number above 0/],
    [{ slowHandlerMs: Number.NaN }, 'ERR_OUT_OF_RANGE', /slowHandlerMs/],
  ])('%j is refused', (lint, code, message) => {
    const make = () => new Reactor({ lint: lint as LintOptions });
    expect(make).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(message) }),
    );
  });

  it('names of them that no one reads are named', () => {
    const { findings } = makeLinted(descriptors, {}, { onn: 7 } as object);
    expect(findings).toEqual([
      expect.objectContaining({
        code: 'EDGEWISE_UNKNOWN',
        fd: undefined,
        what: 'lint has no "onn"',
        fix: 'is "on" meant?',
      }),
    ]);
  });

  it.each<[LintOptions, found: boolean]>([
    [{ only: [CLOSED] }, true],
    [{ only: ['EDGEWISE_SPINNING'] }, false],
    [{ ignore: [CLOSED] }, false],
    [{ ignore: ['EDGEWISE_SPINNING'] }, true],
    [{ only: [CLOSED], ignore: [CLOSED] }, false],
  ])('%j: what is looked for', (lint, isFound) => {
    const { reactor, codes } = makeLinted(descriptors, {}, lint);
    closeRegistered(reactor);
    expect(codes).toEqual(isFound ? [CLOSED] : []);
  });

  it('lintIgnore of a handler, also of an edge handler, leaves codes out', () => {
    const { reactor, codes } = makeLinted(descriptors);
    const lintIgnore = [CLOSED] as const;
    closeRegistered(reactor, Object.assign(new Recorder(), { lintIgnore }));
    const [ours] = descriptors.socketpair();
    const onReady = (): Settled => expect.fail();
    reactor.registerEdge(ours, Readable, { onReady, lintIgnore });
    descriptors.close(ours);
    expect(codes).toEqual([]);
    closeRegistered(reactor);
    expect(codes).toEqual([CLOSED]);
  });

  it('slowHandlerMs is where a call of a handler becomes slow', () => {
    const passMs = stopClock();
    const { reactor, findings } = makeLinted(descriptors, {}, { slowHandlerMs: 5 });
    let tookMs = 4.9;
    const onReady = () => passMs(tookMs);
    reactor.register(descriptors.socketpair()[0], Interest.Writable, { onReady });
    reactor.turn(0);
    expect(findings).toEqual([]);
    tookMs = 5;
    reactor.turn(0);
    expect(findings.map(({ what }) => what)).toEqual([expect.stringMatching(/ took 5\.0 ms$/)]);
  });
});

describe('a finding', () => {
  it('names the handler and the line that registered it', () => {
    const served = () => undefined;
    const { reactor, findings } = makeLinted(descriptors);
    closeRegistered(reactor);
    closeRegistered(reactor, { onReady: served });
    const names = findings.map(({ handler }) => handler);
    expect(names).toEqual(['Recorder', 'served']);
    for (const { site } of findings) expect(site).toMatch(/^at .*options\.test\.ts:\d+:\d+\)?$/);
  });

  it('of what the package registers by itself names the line of the package', () => {
    const passMs = stopClock();
    const { reactor, findings } = makeLinted(descriptors);
    let chunks = 0;
    const handlers = { data: () => passMs(chunks++ === 0 ? 0 : 60) }; // the listener reads the first
    const listener = listen({ reactor, handlers, port: 0, host: '127.0.0.1' });
    const client = descriptors.track(sys.socket(sys.constants.AF_INET, sys.constants.SOCK_STREAM));
    must(sys.connect(client, { address: '127.0.0.1', port: portOf(listener.fd) }));
    for (const count of [1, 2]) {
      send(client, 'x');
      turnUntil(reactor, () => chunks === count);
    }
    listener.close();
    expect(findings).toEqual([
      expect.objectContaining({
        code: 'EDGEWISE_SLOW_HANDLER',
        handler: 'ConnectionGroup',
        site: expect.stringMatching(/^at .*src\/net\/connection\//),
      }),
    ]);
  });

  it('has the label and the last events of a trace, which records it', () => {
    const { reactor, findings } = makeLinted(descriptors);
    using trace = reactor.trace();
    const [ours] = descriptors.socketpair();
    reactor.register(ours, Interest.Writable, new Recorder());
    trace.label(ours, 'client 7');
    turnIdly(reactor, 3);
    descriptors.close(ours);
    expect(findings).toHaveLength(1);
    const { label, events } = findings[0] as LintFinding;
    expect(label).toBe('client 7');
    const round = ['report', 'handler-begin', 'handler-end'];
    const kinds = events.map(({ kind }) => KIND_NAMES[kind]);
    expect(kinds).toEqual([...round, ...round, ...round].slice(1));
    expect(events.every(({ fd }) => fd === ours)).toBe(true);
    const data = trace.snapshot();
    const [stream] = data.streams as [TraceStream];
    const all = [...eventsOf(stream)].map((event) => sentenceOf(event, data, stream));
    expect(all).toContainEqual(
      expect.stringMatching(new RegExp(`^A mistake was found at .*: ${CLOSED}\\.$`)),
    );
  });

  it('goes to onError as an error, when it is to be thrown', () => {
    const errors: unknown[] = [];
    const onError = (error: unknown) => void errors.push(error);
    const lint = { throw: true };
    const reactor = descriptors.using(new Reactor({ lint, onError }));
    const fd = closeRegistered(reactor);
    reactor.turn(0);
    expect(errors).toEqual([expect.any(LintError)]);
    const [error] = errors as LintError[];
    expect(error).toMatchObject({ code: 'ERR_LINT', finding: { code: CLOSED, fd } });
    expect(error?.message).toContain(`fd ${fd} was closed while it was registered; close the`);
  });

  it('is thrown by the turn in which it was found, where no onError is', () => {
    const reactor = descriptors.using(new Reactor({ lint: { throw: true } }));
    const [ours] = descriptors.socketpair();
    reactor.register(ours, Interest.Writable, { onReady: () => descriptors.close(ours) });
    expect(() => reactor.turn(0)).toThrow(LintError);
    expect(reactor.turn(0)).toBe(0);
  });

  it('a function that throws is an error of a handler, and stops no call', () => {
    const errors: unknown[] = [];
    const on = () => {
      throw new Error('mine');
    };
    const onError = (error: unknown) => void errors.push(error);
    const reactor = descriptors.using(new Reactor({ lint: { on }, onError }));
    const [ours] = descriptors.socketpair();
    reactor.register(ours, Readable, new Recorder());
    expect(descriptors.release(ours) === ours && must(sys.close(ours))).toBe(0);
    reactor.turn(0);
    expect(errors).toEqual([expect.objectContaining({ message: 'mine' })]);
  });
});

describe('EDGEWISE_LINT=1', () => {
  it.each([
    ['new Reactor({ capcity: 5 })', true],
    ['new Reactor({ capcity: 5, lint: false })', false],
  ])('lints %s', (made, isLinted) => {
    const program = `
      import { Reactor } from 'edgewise';
      process.on('warning', ({ code, message }) => console.log(code, message));
      ${made}.close();
    `;
    const args = ['--no-warnings', '--input-type=module', '--eval', program];
    const env = { ...process.env, EDGEWISE_LINT: '1' };
    const said = execFileSync(process.execPath, args, { cwd: ROOT, env, encoding: 'utf8' });
    expect(/EDGEWISE_UNKNOWN.*is "capacity" meant/.test(said)).toBe(isLinted);
  });
});
