// `npm run test:long -- cluster`: the chat of examples/cluster on several processes, while servers are
// killed. With NATS: three processes, three servers of NATS, HAProxy in front; a process of the chat
// is killed, then the server of NATS that leads the stream, and one process is ended in good order.
// With Redis: two processes; Redis and one of them are killed. Prints what was sent, acknowledged and
// received, and fails unless what was acknowledged has come once and in order, to every member.
import { Client, isComplete, judge } from './clients.mjs';
import { answered, HOST, World } from './processes.mjs';

const ROOMS = ['lobby', 'kitchen', 'garden'];
const MEMBERS_PER_ROOM = 4;
/** Messages that are acknowledged before the next server is killed, and after the last one. */
const PHASE = 100;
const LIMIT_MS = 150_000;

function total({ clients }, countOf) {
  return clients.reduce((sum, client) => sum + countOf(client), 0);
}

/** Members in their rooms, that say messages until they are to stop. */
class Members {
  clients;
  #isDone = false;
  #saying;
  #waiting = new Set();

  constructor(ports) {
    const onChange = () => {
      for (const look of [...this.#waiting]) look();
    };
    this.clients = ROOMS.flatMap((room) =>
      Array.from({ length: MEMBERS_PER_ROOM }, (_, index) => {
        const turned = ports.map((_, turn) => ports[(index + turn) % ports.length]);
        return new Client(`${room}-${index}`, room, turned, onChange);
      }),
    );
    this.#saying = this.clients.map((client) => client.say(() => this.#isDone));
  }

  get acknowledged() {
    return total(this, (client) => client.acknowledged.length);
  }

  rooms() {
    return ROOMS.map((name) => this.clients.filter(({ room }) => room === name));
  }

  when(isSo) {
    return new Promise((resolve) => {
      const look = () => {
        if (!isSo()) return;
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
      look();
    });
  }

  /** Resolves when so many more messages are acknowledged. */
  phase() {
    const goal = this.acknowledged + PHASE;
    return this.when(() => this.acknowledged >= goal);
  }

  async finish() {
    this.#isDone = true;
    await Promise.all(this.#saying);
    await this.when(() => this.rooms().every(isComplete));
    for (const client of this.clients) client.close();
  }
}

async function leaderOf(servers) {
  for (const server of servers) {
    const response = await fetch(`http://${HOST}:${server.monitor}/jsz?streams=true`);
    const { account_details: accounts = [] } = await response.json();
    const streams = accounts.flatMap(({ stream_detail: detail = [] }) => detail);
    const leader = streams.find(({ name }) => name === 'CHAT')?.cluster?.leader;
    if (leader !== undefined) return servers.find(({ name }) => name === leader);
  }
  throw new Error('no server of NATS knows a leader of the stream');
}

async function killAndRestart(server, isBack, members, killed) {
  await server.end('SIGKILL');
  killed.push(server.name);
  await members.phase(); // the others serve meanwhile
  await server.start();
  await isBack();
  await members.phase();
}

async function onNats(world, killed) {
  const { url, servers } = await world.nats();
  const chats = await world.chats(url, 3, 'v2');
  const { port } = await world.haproxy(chats);
  await Promise.all(chats.map(({ health }) => answered(health, '/readyz', 200)));
  const members = new Members([port]);
  await members.phase();
  const [first, second] = chats;
  await killAndRestart(first, () => answered(first.health, '/readyz', 200), members, killed);
  const leader = await leaderOf(servers);
  await killAndRestart(leader, () => answered(leader.monitor, '/healthz', 200), members, killed);
  const ended = second.end('SIGTERM'); // not ready, then closed, then left: and no one is lost
  await answered(second.health, '/readyz', 503);
  await ended;
  if (!second.text.endsWith('left')) throw new Error('it did not leave in good order');
  await members.phase();
  return members;
}

async function onRedis(world, killed) {
  const { url, servers } = await world.redis();
  const chats = await world.chats(url, 2);
  const members = new Members(chats.map(({ port }) => port));
  await members.phase();
  // Without it nothing is acknowledged: nothing is waited for while it is away.
  await servers[0].end('SIGKILL');
  killed.push('redis');
  await servers[0].start();
  await members.phase();
  const [first] = chats;
  await first.end('SIGKILL');
  killed.push(first.name);
  await first.start();
  await members.phase();
  return members;
}

async function measure(title, scenario) {
  const world = new World();
  const killed = [];
  const fromMs = performance.now();
  let timer;
  try {
    const late = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Error(`not done after ${LIMIT_MS} ms`)), LIMIT_MS);
    });
    const run = async () => {
      const members = await scenario(world, killed);
      await members.finish();
      return members;
    };
    const members = await Promise.race([run(), late]);
    const judged = members.rooms().map(judge);
    const sum = (name) => judged.reduce((before, counts) => before + counts[name], 0);
    return {
      on: title,
      sent: total(members, ({ sent }) => sent.length),
      acknowledged: members.acknowledged,
      received: sum('received'),
      lost: sum('lost'),
      doubled: sum('doubled'),
      'out of order': sum('outOfOrder'),
      reconnects: total(members, ({ connectionCount }) => connectionCount - 1),
      'said again': total(members, ({ againCount }) => againCount),
      killed: killed.join(', '),
      seconds: Math.round((performance.now() - fromMs) / 100) / 10,
    };
  } catch (error) {
    world.explain();
    throw error;
  } finally {
    clearTimeout(timer);
    await world.end();
  }
}

function isRight(row) {
  const isWhole = row.sent === row.acknowledged && row.acknowledged >= 3 * PHASE;
  const everyOne = row.received === MEMBERS_PER_ROOM * row.acknowledged;
  return isWhole && everyOne && row.lost + row.doubled + row['out of order'] === 0;
}

const scenarios = { nats: ['NATS', onNats], redis: ['Redis', onRedis] };
const names = process.argv.slice(2);
const chosen = names.length > 0 ? names : Object.keys(scenarios);
const rows = [];
// One after the other: servers that wait for each other take no less time side by side.
for (const name of chosen) {
  try {
    rows.push(await measure(...scenarios[name]));
  } catch (error) {
    console.log(error);
  }
}
console.table(Object.fromEntries(rows.map(({ on, ...row }) => [on, row])));
const passed = rows.filter(isRight).length;
console.log(`${passed} passed, ${chosen.length - passed} failed`);
process.exit(passed === chosen.length ? 0 : 1);
