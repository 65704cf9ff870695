// serviceManager(): what a supervisor receives, over a path and an abstract name, and what it does not.
import { mkdtempSync, rmSync } from 'node:fs';
import { constants as os, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { serviceManager } from '../../../src/net/inherit/service-manager.ts';
import { Reactor } from '../../../src/reactor/reactor.ts';
import * as sys from '../../../src/sys/index.ts';
import { must, useDescriptors } from '../../helpers/descriptors.ts';

const { AF_UNIX, SOCK_DGRAM, SOCK_NONBLOCK } = sys.constants;
const { EINTR } = os.errno;
const NAMES = ['NOTIFY_SOCKET', 'WATCHDOG_USEC', 'WATCHDOG_PID'];

describe('serviceManager', () => {
  const descriptors = useDescriptors();
  const folder = mkdtempSync(join(tmpdir(), 'edgewise-notify-'));
  let count = 0;
  afterEach(() => {
    for (const name of NAMES) delete process.env[name];
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  /** A supervisor's socket; what it has received since the last call. */
  function supervise(isAbstract = false): { name: string; received: () => string[] } {
    count++;
    const path = join(folder, `notify-${count}`);
    const abstract = `edgewise-notify-${process.pid}-${count}`;
    const fd = descriptors.track(sys.socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK));
    must(sys.bind(fd, isAbstract ? { abstract } : { path }));
    const room = Buffer.alloc(4096);
    const received = () => {
      const texts: string[] = [];
      for (;;) {
        const length = sys.recv(fd, room);
        if (length === -EINTR) continue; // which scripts/test-faults.mjs injects
        if (length < 0) return texts;
        texts.push(room.toString('utf8', 0, length));
      }
    };
    return { name: isAbstract ? `@${abstract}` : path, received };
  }

  it('is none without NOTIFY_SOCKET, and says so', () => {
    using manager = serviceManager();
    expect(manager.isPresent).toBe(false);
    expect([manager.ready(), manager.status('x'), manager.stopping()]).toEqual([
      false,
      false,
      false,
    ]);
  });

  const kinds = process.platform === 'linux' ? [false, true] : [false];
  it.each(kinds)('sends what happens, one datagram each; abstract: %s', (isAbstract) => {
    const { name, received } = supervise(isAbstract);
    process.env.NOTIFY_SOCKET = name;
    using manager = serviceManager();
    expect(NAMES.filter((each) => each in process.env)).toEqual([]);
    expect(manager.ready('listening on 7000')).toBe(true);
    expect(manager.status('12 members')).toBe(true);
    expect(manager.notify({ RELOADING: '1', MONOTONIC_USEC: '12' })).toBe(true);
    expect(manager.stopping()).toBe(true);
    const reload = 'RELOADING=1\nMONOTONIC_USEC=12';
    const sent = ['READY=1\nSTATUS=listening on 7000', 'STATUS=12 members', reload, 'STOPPING=1'];
    expect(received()).toEqual(sent);
  });

  it('gives a sign of life twice in the time of the watchdog, while the reactor turns', () => {
    const { name, received } = supervise();
    const reactor = descriptors.using(new Reactor());
    Object.assign(process.env, { NOTIFY_SOCKET: name, WATCHDOG_USEC: '20000' });
    process.env.WATCHDOG_PID = String(process.pid);
    using manager = serviceManager({ reactor });
    expect(manager.watchdogMs).toBe(20);
    manager.ready();
    expect(received()).toEqual(['READY=1']);
    const signs: string[] = [];
    while (signs.length < 3) {
      reactor.turn(1000);
      signs.push(...received());
    }
    expect(new Set(signs)).toEqual(new Set(['WATCHDOG=1']));
    manager.close();
    reactor.turn(30);
    expect(received()).toEqual([]);
  });

  it('leaves a watchdog of another process alone', () => {
    process.env.WATCHDOG_USEC = '20000';
    process.env.WATCHDOG_PID = '1';
    expect(serviceManager().watchdogMs).toBeUndefined();
  });

  it.each([
    [{ NOTIFY_SOCKET: 'relative' }],
    [{ NOTIFY_SOCKET: 'vsock:2:9999' }],
    [{ NOTIFY_SOCKET: '@' }],
    [{ WATCHDOG_USEC: 'soon' }],
    [{ WATCHDOG_USEC: '0' }],
  ])('refuses %j', (variables) => {
    Object.assign(process.env, variables);
    expect(() => serviceManager()).toThrow(expect.objectContaining({ code: 'ERR_NOTIFY_INVALID' }));
  });

  it('refuses what would be two lines, and reports a supervisor that is not there', () => {
    process.env.NOTIFY_SOCKET = join(folder, 'nothing');
    const manager = serviceManager();
    const invalid = expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' });
    expect(() => manager.status('a\nREADY=1')).toThrow(invalid);
    expect(() => manager.notify({ 'A=1\nB': '' })).toThrow(invalid);
    expect(() => manager.ready()).toThrow(expect.objectContaining({ code: 'ENOENT' }));
  });
});
