// Check 5.8: random scripts on a student's reactor and, in step with it, on the oracle. The first difference is
// shrunk, and shown as a short program.
import { randomFrom } from '../../src/exam/random.ts';
import { Miss } from '../../src/lab.ts';
import type { SimulatedTask } from '../../src/simulated/run.ts';
import type { Registration } from '../starter/types.ts';
import { Bench, onReal, onSimulated } from './bench.ts';
import { type Expected, namesOf, Oracle } from './oracle.ts';
import { randomScript, type Script, type Step, shrink } from './script.ts';

const SCRIPTS = 400;
const SCRIPTS_REAL = 60;
const PAIRS_MAX = 5;
const LINES_MAX = 30;
const READABLE = 1;
const WRITABLE = 2;

/** What handlers of a script throw. */
class FromHandler extends Error {}

/** One end of a pair, as the script knows it. */
interface Stream {
  readonly fd: number;
  readonly other: number;
  unread: number;
  hasEnded: boolean;
}

interface Registered {
  readonly registration: Registration;
  readonly expected: Expected;
  readonly stream: Stream;
}

/** As many scripts as `task.runs`, on the simulated kernel and on the real one. */
export async function scripts(task: SimulatedTask): Promise<void> {
  const { seed } = task;
  const all = (count: number) => (first: Bench) => {
    const random = randomFrom(seed);
    const run = (script: Script): Run => new Run(new Bench(task.program, () => first.now), script);
    for (let index = 0; index < count; index++) compare(randomScript(random), run);
  };
  await onSimulated({ ...task, runs: 1 }, all(SCRIPTS * task.runs));
  onReal(task, all(SCRIPTS_REAL));
}

function compare(script: Script, run: (script: Script) => Run): void {
  if (run(script).difference === undefined) return;
  const shortest = shrink(script, (smaller) => run(smaller).difference !== undefined);
  const { difference = '', lines } = run(shortest);
  const got = `${difference}, after\n${lines.slice(-LINES_MAX).join('\n')}`;
  throw new Miss('differs', got, { difference });
}

class Run {
  difference: string | undefined;
  readonly lines: string[] = [];
  readonly #bench: Bench;
  readonly #oracle = new Oracle();
  readonly #streams: Stream[] = [];
  readonly #registered: Registered[] = [];
  readonly #reactions: Script['reactions'];
  #callCount = 0;
  #deferredCalls = 0;
  #isInTurn = false;

  constructor(bench: Bench, { steps, reactions }: Script) {
    this.#bench = bench;
    this.#reactions = reactions;
    try {
      for (const step of steps) this.#perform(step);
    } catch (error) {
      this.difference ??= `it threw ${error}`;
    } finally {
      bench.close();
    }
  }

  #perform(step: Step): void {
    if (this.difference !== undefined) return;
    const { name, target, interest } = step;
    const stream = this.#streams[target % this.#streams.length];
    const registered = this.#registered[target % this.#registered.length];
    if (name === 'open') this.#open();
    else if (name === 'turn') this.#turn();
    else if (name === 'defer') this.#defer();
    else if (name === 'throw') this.#throw();
    else if (name === 'setInterest' && registered !== undefined) this.#set(registered, interest);
    else if (name === 'close' && registered !== undefined) this.#close(registered);
    else if (stream !== undefined) this.#onStream(step, stream);
  }

  #onStream({ name, interest }: Step, stream: Stream): void {
    const { fd, other } = stream;
    if (name === 'write' && !stream.hasEnded) {
      this.#bench.write(other);
      stream.unread++;
      this.#say(`a byte comes for ${fd}`);
    } else if (name === 'drain') {
      this.#bench.drain(fd);
      stream.unread = 0;
      this.#say(`read all of ${fd}`);
    } else if (name === 'endPeer' && !stream.hasEnded) {
      this.#bench.closeFd(other);
      stream.hasEnded = true;
      this.#say(`the peer of ${fd} ends`);
    } else if (name === 'register') this.#register(stream, interest);
    else if (name === 'closeAndReuse') this.#reuse(stream);
  }

  #open(): void {
    if (this.#streams.length === PAIRS_MAX) return;
    const [fd, other] = this.#bench.pair();
    this.#streams.push({ fd, other, unread: 0, hasEnded: false });
    this.#say(`open ${fd}`);
  }

  // Its number is the next pair's.
  #reuse(stream: Stream): void {
    const { fd } = stream;
    for (const each of this.#registered) {
      if (each.stream === stream && each.expected.isOpen) this.#close(each);
    }
    this.#bench.closeFd(fd);
    if (!stream.hasEnded) this.#bench.closeFd(stream.other);
    const [again, other] = this.#bench.pair();
    this.#streams[this.#streams.indexOf(stream)] = { fd: again, other, unread: 0, hasEnded: false };
    this.#say(`close ${fd}, open ${again}`);
  }

  #register(stream: Stream, interest: number): void {
    const isTaken = this.#registered.some((each) => each.stream === stream && each.expected.isOpen);
    if (isTaken) return;
    const handler = { onReady: (readiness: number) => this.#onReady(registered, readiness) };
    const registration = this.#bench.reactor.register(stream.fd, interest, handler);
    const registered = { registration, stream, expected: this.#oracle.register(interest) };
    this.#registered.push(registered);
    const { id } = registered.expected;
    this.#say(`#${id} = register(${stream.fd}, ${namesOf(interest)})`);
  }

  #set({ registration, expected }: Registered, interest: number): void {
    if (!expected.isOpen) return;
    registration.setInterest(interest);
    expected.interest = interest;
    this.#say(`#${expected.id}.setInterest(${namesOf(interest)})`);
  }

  #close({ registration, expected }: Registered): void {
    registration.close();
    expected.isOpen = false;
    this.#say(`#${expected.id}.close()`);
  }

  #defer(): void {
    this.#oracle.defer();
    this.#bench.reactor.defer(() => this.#deferredCalls++);
    this.#say('defer');
  }

  #throw(): void {
    if (!this.#isInTurn) return;
    this.#oracle.throws();
    this.#say('throw');
    throw new FromHandler('from a handler');
  }

  #turn(): void {
    if (this.#isInTurn) return;
    this.#say('turn(0)');
    this.#oracle.beginTurn(({ id }) => this.#readinessOf(this.#registered[id] as Registered));
    this.#isInTurn = true;
    this.#deferredCalls = 0;
    const errors = this.#errorsOfTurn();
    this.#isInTurn = false;
    this.difference ??= this.#oracle.endTurn(this.#deferredCalls, errors);
  }

  #readinessOf({ stream: { unread, hasEnded } }: Registered): number {
    return WRITABLE | (unread > 0 || hasEnded ? READABLE : 0);
  }

  #errorsOfTurn(): number {
    try {
      this.#bench.reactor.turn(0);
      return 0;
    } catch (error) {
      const errors = error instanceof AggregateError ? error.errors : [error];
      const stranger = errors.find((each) => !(each instanceof FromHandler));
      if (stranger !== undefined) this.difference ??= `turn threw ${stranger}`;
      return errors.length;
    }
  }

  #onReady(registered: Registered, readiness: number): void {
    if (this.difference !== undefined) return;
    this.#say(`  #${registered.expected.id} is called for ${namesOf(readiness)}`);
    this.difference ??= this.#oracle.called(registered.expected, readiness);
    for (const step of this.#reactions[this.#callCount++] ?? []) this.#perform(step);
  }

  #say(line: string): void {
    this.lines.push(this.#isInTurn && !line.startsWith(' ') ? `    ${line}` : line);
  }
}
