// Runs a script on a reactor over the real kernel and, in step with it, on the oracle over the
// simulated one. Both are asked for the same operations at the same moments, also inside handlers;
// the first difference ends the run.
import { type Backend, readinessNames, TRIGGERS, type Trigger } from '../../src/poller/interest.ts';
import type { Handler, Registration } from '../../src/reactor/registration.ts';
import * as sys from '../../src/sys/index.ts';
import { Oracle, type OracleRegistration } from './oracle.ts';
import { codeOf, interestOf, nameOf, sendBufferBytes } from './results.ts';
import type { Operation, Script } from './script.ts';
import { SimKernel, type SimResult } from './sim-kernel.ts';
import type { Subject } from './subject.ts';

const DESCRIPTORS_MAX = 12;
const DEPTH_MAX = 3;
const CALLS_MAX = 200;

const { constants } = sys;
const HOWS = [constants.SHUT_RD, constants.SHUT_WR, constants.SHUT_RDWR];

class HandlerError extends Error {}

const BYTES = new Uint8Array(1 << 16);
const PAIR = new Int32Array(2);
const SEND_BUFFER_BYTES = sendBufferBytes();

/** What the kernel under the reactor may do. */
export interface Rules {
  /** An edge only where something was not ready. Default: each arrival is one. */
  readonly isStrict?: boolean;
  /** A call may move fewer bytes than it could (unlike Linux), be interrupted, or find no descriptor. */
  readonly hasFaults?: boolean;
}

interface Pair {
  readonly real: Registration;
  readonly model: OracleRegistration;
}

export class Run {
  difference: string | undefined;
  /** What was done and reported, for the message of a failure. */
  readonly trace: string[] = [];
  readonly #subject: Subject;
  readonly #hasFaults: boolean;
  readonly #kernel = new SimKernel(SEND_BUFFER_BYTES);
  readonly #oracle: Oracle;
  readonly #reactions: Script['reactions'];
  readonly #fds: number[] = [];
  readonly #closedFds: number[] = [];
  readonly #pairs: Pair[] = [];
  #current: Pair | undefined;
  #callCount = 0;
  #thrownCount = 0;

  constructor(backend: Backend, script: Script, subject: Subject, rules: Rules = {}) {
    const { isStrict = false, hasFaults = false } = rules;
    this.#subject = subject;
    this.#hasFaults = hasFaults;
    const set = { style: backend, isStrict };
    this.#oracle = new Oracle(this.#kernel, set, this.#subject.triggers);
    this.#reactions = script.reactions;
    try {
      for (const step of script.steps) this.#perform(step);
    } catch (error) {
      this.#differ(`unexpected ${String(error)}`);
    } finally {
      this.#subject.close();
      for (const fd of this.#fds) sys.close(fd);
    }
  }

  #differ(difference: string | undefined): void {
    this.difference ??= difference;
  }

  #compare(what: string, real: unknown, model: unknown): void {
    this.trace.push(`${'  '.repeat(this.#oracle.depth)}${what}: ${String(real ?? 'ok')}`);
    if (real !== model) this.#differ(`${what}: ${String(real)}, not ${String(model)}`);
  }

  #perform(step: Operation): void {
    if (this.difference !== undefined) return;
    const { name, target } = step;
    if (name === 'open') this.#open(step);
    else if (name === 'turn') this.#turn();
    else if (name === 'throw') this.#throw();
    else if (name === 'charge') this.#charge();
    else if (name === 'registerClosed') this.#registerClosed(step);
    else if (NEEDS_REGISTRATION.has(name)) {
      const pair = this.#pairs[target % this.#pairs.length];
      if (pair !== undefined) this.#onRegistration(step, pair);
    } else {
      const fd = this.#fds[target % this.#fds.length];
      if (fd !== undefined) this.#onDescriptor(step, fd);
    }
    const { registrationCount } = this.#subject;
    if (registrationCount !== this.#oracle.openCount) {
      this.#differ(`${registrationCount} registrations, not ${this.#oracle.openCount}`);
    }
  }

  #onDescriptor({ name, value, trigger }: Operation, fd: number): void {
    switch (name) {
      case 'write':
        this.#write(fd, value + 1);
        break;
      case 'fill':
        this.#fill(fd);
        break;
      case 'read':
        this.#read(fd, value + 1);
        break;
      case 'drain':
        this.#drain(fd);
        break;
      case 'shutdown': {
        const how = value % 3;
        const real = nameOf(sys.shutdown(fd, HOWS[how] as number));
        this.#compare(`shutdown ${fd} ${how}`, real, this.#kernel.shutdown(fd, how));
        break;
      }
      case 'register':
        this.#register(fd, interestOf(value), TRIGGERS[trigger] as Trigger);
        break;
      case 'dup':
        this.#dup(fd);
        break;
      case 'closeBoth':
        for (const pair of this.#pairs) if (pair.real.fd === fd) this.#closeRegistration(pair);
        this.#closeFd(fd);
        break;
      case 'reuseFd':
        this.#closeFd(fd);
        this.#open({ value });
        break;
      default:
        this.#closeFd(fd);
    }
  }

  #onRegistration({ name, value, trigger }: Operation, pair: Pair): void {
    const { real, model } = pair;
    const what = `${name} #${model.id}`;
    const oracle = this.#oracle;
    switch (name) {
      case 'setInterest': {
        const interest = interestOf(value);
        const code = codeOf(() => real.setInterest(interest));
        this.#compare(`${what} ${interest}`, code, oracle.setInterest(model, interest));
        break;
      }
      case 'setTrigger': {
        const wanted = TRIGGERS[trigger] as Trigger;
        const code = codeOf(() => real.setTrigger(wanted));
        this.#compare(`${what} ${wanted}`, code, oracle.setTrigger(model, wanted));
        break;
      }
      case 'rearm':
        this.#compare(
          what,
          codeOf(() => real.rearm()),
          oracle.rearm(model),
        );
        break;
      case 'requeue': {
        const code = codeOf(() => real.requeue(value));
        this.#compare(`${what} ${value}`, code, oracle.requeue(model, value));
        break;
      }
      default:
        this.#closeRegistration(pair);
    }
  }

  #open({ value }: Pick<Operation, 'value'>): void {
    if (this.#fds.length + 2 > DESCRIPTORS_MAX) return;
    const isPipe = value % 4 === 0;
    const { AF_UNIX, SOCK_STREAM, SOCK_NONBLOCK, O_NONBLOCK } = constants;
    const result = isPipe
      ? sys.pipe2(PAIR, O_NONBLOCK)
      : sys.socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, PAIR);
    const fds = [...PAIR] as [number, number];
    if (this.#hasFaults && nameOf(result) === 'EMFILE') return;
    this.#compare(`open ${isPipe ? 'pipe' : 'stream'} ${fds}`, result, 0);
    this.#kernel.open(isPipe ? 'pipe' : 'stream', fds);
    this.#fds.push(...fds);
  }

  #dup(fd: number): void {
    if (this.#fds.length + 1 > DESCRIPTORS_MAX) return;
    const copy = sys.dup(fd);
    this.trace.push(`dup ${fd}: ${copy}`);
    this.#kernel.dup(fd, copy);
    this.#fds.push(copy);
  }

  #closeFd(fd: number): void {
    this.#compare(`close ${fd}`, sys.close(fd), 0);
    this.#kernel.close(fd);
    this.#fds.splice(this.#fds.indexOf(fd), 1);
    this.#closedFds.push(fd);
  }

  #read(fd: number, count: number): void {
    const real = nameOf(sys.read(fd, BYTES, 0, count));
    if (this.#isInterrupted(real)) return;
    const expected = this.#kernel.read(fd, this.#movedOf(count, real));
    this.#compare(`read ${count} from ${fd}`, real, expected);
  }

  #write(fd: number, count: number): SimResult {
    const real = nameOf(sys.write(fd, BYTES, 0, count));
    if (this.#isInterrupted(real)) return real;
    const expected = this.#kernel.write(fd, this.#movedOf(count, real), real);
    this.#compare(`write ${count} to ${fd}`, real, expected ?? real);
    return real;
  }

  #isInterrupted(result: SimResult): boolean {
    return this.#hasFaults && result === 'EINTR';
  }

  // As if no more had been asked for than was moved: with faults, fewer bytes say nothing of room.
  #movedOf(asked: number, result: SimResult): number {
    return this.#hasFaults && typeof result === 'number' && result > 0 ? result : asked;
  }

  #fill(fd: number): void {
    for (let n = 0; n < 64; n++) {
      const written = this.#write(fd, BYTES.length);
      if (typeof written === 'string') return;
    }
  }

  #drain(fd: number): void {
    let [total, real] = [0, nameOf(sys.read(fd, BYTES))];
    for (; this.#isInterrupted(real) || Number(real) > 0; real = nameOf(sys.read(fd, BYTES))) {
      if (typeof real === 'number') total += real;
    }
    const all = total > 0 ? this.#kernel.read(fd, Number.POSITIVE_INFINITY) : 0;
    this.#compare(`drain ${fd}`, total, all);
    this.#compare('until', real, this.#kernel.read(fd, 1));
  }

  #register(fd: number, interest: number, trigger: Trigger): void {
    const model = this.#oracle.register(fd, interest, trigger);
    let real: Registration | undefined;
    const handler: Handler = { onReady: (bits, called) => this.#onReady(bits, called, handler) };
    const code = codeOf(() => {
      real = this.#subject.register(fd, interest, handler, trigger);
    });
    const id = typeof model === 'string' ? '' : `#${model.id} `;
    const what = `register ${id}on ${fd} for ${readinessNames(interest)}, ${trigger}`;
    this.#compare(what, code, typeof model === 'string' ? model : undefined);
    if (real === undefined || typeof model === 'string') return;
    real.data = handler;
    this.#pairs.push({ real, model });
  }

  #registerClosed({ value, trigger }: Operation): void {
    const fd = this.#closedFds.find((number) => this.#kernel.endpoint(number) === undefined);
    if (fd !== undefined) this.#register(fd, interestOf(value), TRIGGERS[trigger] as Trigger);
  }

  #closeRegistration({ real, model }: Pair): void {
    real.close();
    this.#oracle.close(model);
    this.#compare(`close #${model.id}`, real.isClosed, true);
  }

  #turn(): void {
    if (this.#oracle.depth >= DEPTH_MAX) return;
    const caller = this.#current;
    const before = this.#subject.ghostsRemoved;
    this.trace.push(`${'  '.repeat(this.#oracle.depth)}turn`);
    this.#oracle.beginTurn(this.#subject.planWait?.());
    const thrownBefore = this.#thrownCount; // by handlers of the outer turn, which it throws itself
    this.#thrownCount = 0;
    let thrownCount = 0;
    try {
      this.#subject.turn();
    } catch (error) {
      const errors = error instanceof AggregateError ? error.errors : [error];
      const stranger = errors.find((one) => !(one instanceof HandlerError));
      if (stranger !== undefined) this.#differ(`the turn threw ${String(stranger)}`);
      thrownCount = errors.length;
    }
    this.#current = caller;
    if (this.difference !== undefined) return;
    this.#differ(this.#oracle.endTurn(this.#subject.ghostsRemoved - before));
    if (thrownCount !== this.#thrownCount) this.#differ(`the turn threw ${thrownCount} errors`);
    this.#thrownCount = thrownBefore;
  }

  #onReady(readiness: number, called: Registration, handler: Handler): void {
    if (this.difference !== undefined) return;
    const pair = this.#pairs.find(({ real }) => real === called);
    const bits = readinessNames(readiness);
    if (pair === undefined || called.data !== handler) {
      this.#differ(`a handler was called for ${bits} of another's registration`);
      return;
    }
    this.trace.push(`${'  '.repeat(this.#oracle.depth)}#${pair.model.id} is called for ${bits}`);
    this.#differ(this.#oracle.called(pair.model, readiness));
    this.#current = pair;
    const reaction = this.#reactions[this.#callCount++] ?? [];
    if (this.#callCount > CALLS_MAX) return;
    for (const step of reaction) this.#perform(step);
  }

  #charge(): void {
    const pair = this.#current;
    if (pair === undefined || this.#oracle.depth === 0) return;
    this.#compare(`charge #${pair.model.id}`, pair.real.charge(Number.MAX_SAFE_INTEGER), false);
    this.#oracle.exhaust(pair.model);
  }

  #throw(): void {
    if (this.#oracle.depth === 0) return;
    this.#thrownCount++;
    throw new HandlerError('from a handler');
  }
}

const NEEDS_REGISTRATION = new Set([
  'setInterest',
  'setTrigger',
  'rearm',
  'requeue',
  'closeRegistration',
]);
