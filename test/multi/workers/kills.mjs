// Kills sub-reactors of a pool under load, one after the other, and looks at what breaks: only the
// connections of the one that was killed, and at the end as many descriptors as before and no more
// memory than after the first third, but for what Node keeps of as many plain threads
// (plain-deaths.mjs). `npm run test:long -- kills`; `--kills N --period MS --strategy NAME` make it shorter:
// memory is judged from 20 kills on.
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ReactorPool } from '../../../dist/multi/index.js';
import { connect } from '../../../dist/promises/index.js';
import { growthSince, memoryHeld } from './memory.mjs';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '30' },
    period: { type: 'string', default: '1000' },
    clients: { type: 'string', default: '24' },
    strategy: { type: 'string', default: 'acceptor,reusePort,exclusive' },
  },
});
const [kills, periodMs, clientCount] = ['kills', 'period', 'clients'].map((name) =>
  Number(values[name]),
);
const SIZE = 3;
const MESSAGE = Buffer.alloc(100, 'm');
// Beside the baseline: three sub-reactors' heaps of another age than at the first look, each with a young
// generation of 1 to 3 MiB, and pages that the allocator keeps. A leak of 512 KiB a kill (the memory of
// one mailbox is 256 KiB) would be more than that within the 20 kills that are looked at.
const OUTSIDE_GROWTH_MAX = 10 * 1024 * 1024;
const HEAP_GROWTH_MAX = 2 * 1024 * 1024;
/** With fewer kills a leak cannot be distinguished from garbage that is not collected yet. */
const JUDGED_KILLS_MIN = 20;
const module = new URL('./sub-echo.mjs', import.meta.url);

class Load {
  isOver = false;
  messages = 0;
  broken = 0;
  /** Connections that broke although their sub-reactor was not killed. */
  wronged = 0;
  killsBegun = new Array(SIZE).fill(0);
  killsEnded = new Array(SIZE).fill(0);

  constructor(port) {
    this.port = port;
  }

  async client() {
    while (!this.isOver) {
      const endedBefore = [...this.killsEnded];
      let index = -1;
      let open;
      try {
        const connection = await connect({ host: '127.0.0.1', port: this.port });
        open = connection;
        await connection.write('index?');
        const answer = await connection.read();
        if (answer === null) throw new Error('ended before it was served');
        index = Number(answer.toString());
        await this.#exchange(connection);
      } catch {
        this.broken++;
        if (!this.#wasKilled(index, endedBefore)) this.wronged++;
      } finally {
        open?.destroy();
      }
    }
  }

  /**
   * Whether a kill of sub-reactor `index` was under way at any time since `endedBefore` was taken: a
   * thread that is being killed may still accept and answer. -1, on its way without an answer: any.
   */
  #wasKilled(index, endedBefore) {
    const indices = index === -1 ? endedBefore.keys() : [index];
    return [...indices].some((each) => this.killsBegun[each] > endedBefore[each]);
  }

  async #exchange(connection) {
    while (!this.isOver) {
      await connection.write(MESSAGE);
      for (let got = 0; got < MESSAGE.length; ) {
        const bytes = await connection.read();
        if (bytes === null) throw new Error('ended');
        got += bytes.length;
      }
      this.messages++;
    }
  }
}

const descriptorCount = () => readdirSync('/proc/self/fd').length;

async function untilRestarted(pool, count) {
  while ((await pool.report()).total.restarts < count) await sleep(10);
}

async function run(strategy) {
  let deaths = 0;
  const others = [];
  const pool = new ReactorPool({
    size: SIZE,
    module,
    strategy,
    host: '127.0.0.1',
    onError: (error) => {
      if (error.code === 'ERR_SUB_REACTOR_DIED') deaths++;
      else others.push(error);
    },
  });
  await pool.start();
  const [atStart, load] = [descriptorCount(), new Load(pool.port)];
  const clients = Array.from({ length: clientCount }, () => load.client());
  let before;
  for (let kill = 0; kill < kills; kill++) {
    await sleep(periodMs);
    await untilRestarted(pool, kill);
    const index = kill % SIZE;
    const { messages } = load;
    load.killsBegun[index]++;
    await pool.kill(index);
    load.killsEnded[index]++;
    while (load.messages < messages + clientCount) await sleep(1); // the others go on
    if (kill !== Math.floor(kills / 3)) continue;
    await untilRestarted(pool, kill + 1); // as at the end: a thread that is missing is some MiB
    before = memoryHeld();
  }
  await untilRestarted(pool, kills);
  const grown = growthSince(before);
  load.isOver = true;
  await Promise.all(clients);
  while ((await pool.report()).total.open > 0) await sleep(1);
  const descriptors = descriptorCount();
  const { total } = await pool.report();
  await pool.close();
  const { messages, broken, wronged } = load;
  return {
    strategy,
    kills,
    deaths,
    messages,
    broken,
    wronged,
    otherErrors: others.length,
    restarts: total.restarts,
    descriptorsLeft: descriptors - atStart,
    grown,
  };
}

const plainDeaths = fileURLToPath(new URL('./plain-deaths.mjs', import.meta.url));
const plain = JSON.parse(
  execFileSync(process.execPath, [plainDeaths, String(SIZE), String(kills)], { encoding: 'utf8' }),
);
console.log(JSON.stringify({ strategy: 'none: plain threads', kills, grown: plain }));

function isFlat(grown) {
  if (kills < JUDGED_KILLS_MIN) return true;
  const outsideMax = Math.max(plain.outsideHeap, 0) + OUTSIDE_GROWTH_MAX;
  return grown.outsideHeap <= outsideMax && grown.heapUsed <= HEAP_GROWTH_MAX;
}

let failed = 0;
const strategies = values.strategy.split(',');
for (const strategy of strategies) {
  const result = await run(strategy);
  console.log(JSON.stringify(result));
  const { deaths, restarts, wronged, otherErrors, descriptorsLeft, grown } = result;
  const isWhole = deaths === kills && restarts === kills && wronged === 0 && otherErrors === 0;
  if (!isWhole || descriptorsLeft !== 0 || !isFlat(grown)) failed++;
}
console.log(`${strategies.length - failed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
