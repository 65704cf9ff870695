// The loads: the generator of bench/load, and for what it does not do the programs that do it.
import { createConnection, type Socket } from 'node:net';
import { decodeFromCompressedBase64 } from 'hdr-histogram-js';
import { type LoadControl, type LoadPlan, type LoadResult, runLoad } from '../load.ts';
import { cpuUs } from '../measure/usage.ts';
import type { Values } from '../model.ts';
import { inRoot } from '../root.ts';
import { type Load, type LoadContext, numberOf, type Survey } from './scenario.ts';

const MEGABYTE = 1e6;
const SPARE_MS = 60_000;
/** Of those sent: beyond it, a round says more of losses than of the server. */
const DATAGRAMS_LOST_MAX = 0.001;

function planOf(
  { port, setting, seconds, warmupSeconds }: LoadContext,
  plan: Pick<LoadPlan, 'protocol' | 'mode'>,
): LoadPlan {
  return {
    ...plan,
    port,
    seconds,
    warmupSeconds,
    connections: numberOf(setting, 'connections', 1),
    size: numberOf(setting, 'size', 64),
    ...(plan.mode === 'bulk' && { sink: true }),
    ...(setting.pipeline === undefined ? {} : { pipeline: Number(setting.pipeline) }),
    ...(setting.rate === undefined ? {} : { ratePerSecond: Number(setting.rate) }),
  };
}

/** A load of bench/load. CPU is that of its window: opening connections is not in it. */
export function generated(protocol: 'tcp' | 'udp', mode: LoadPlan['mode']): Load {
  return async (context) => {
    const { setting } = context;
    const report = await runLoad(planOf(context, { protocol, mode }), controlOf(context));
    const { operations, seconds, serverCpuNs, latency, errors } = report;
    const errorsMax = protocol === 'udp' ? operations * DATAGRAMS_LOST_MAX : 0;
    if (errors > errorsMax && mode !== 'open') throw new Error(`${errors} errors under load`);
    const bytes = operations * numberOf(setting, 'size', 0);
    return {
      operations,
      seconds,
      values: { bytesPerSecond: bytes / seconds, ...scheduleOf(report) },
      ...(serverCpuNs !== undefined && { cpuUs: serverCpuNs / 1000 }),
      ...(latency !== undefined && { latency }),
    };
  };
}

/** Of the open loop: what of a bad tail is the load's own, and what has no latency at all. */
function scheduleOf({ lateMaxUs, unfinished }: LoadResult): Values {
  return lateMaxUs === undefined || unfinished === undefined ? {} : { lateMaxUs, unfinished };
}

function controlOf({ cpu, signal, pid }: LoadContext): LoadControl {
  return { signal, serverPid: pid, ...(cpu !== undefined && { cpu }) };
}

const KILOBYTE = 1000;
/** Load before the memory is looked at, so that code is compiled and its memory touched. */
const IDLE_WARMUP_SECONDS = 0.5;

/** Idle connections: by how much the contender's memory has grown when they are open. */
export const idle: Load = async (context) => {
  const control = controlOf(context);
  const warmUp = planOf(context, { protocol: 'tcp', mode: 'connect' });
  await runLoad(
    { ...warmUp, connections: 64, seconds: IDLE_WARMUP_SECONDS, warmupSeconds: 0 },
    control,
  );
  const before = await context.memory();
  let after = before;
  const onOpen = async () => {
    after = await context.memory();
  };
  const plan = planOf(context, { protocol: 'tcp', mode: 'idle' });
  const { operations, seconds } = await runLoad(plan, { ...control, onOpen });
  const connections = numberOf(context.setting, 'connections', 1);
  const each = (bytes: number) => bytes / connections / KILOBYTE;
  const { heapBytes } = after;
  return {
    operations,
    seconds,
    values: {
      kilobytesPerConnection: each(after.bytes - before.bytes),
      ...(heapBytes !== undefined && {
        heapKilobytesPerConnection: each(heapBytes - (before.heapBytes ?? 0)),
        garbageKilobytesPerConnection: each(after.uncollectedBytes - after.bytes),
      }),
    },
  };
};

/** What a model can hold of the connections of the setting; {@link heldOf} has found it before. */
export const upToHeld: Load = (context) => {
  const { setting } = context;
  const connections = Math.min(numberOf(setting, 'held', 1), numberOf(setting, 'connections', 1));
  return generated('tcp', 'closed')({ ...context, setting: { ...setting, connections } });
};

const HELD_STEPS = [64, 1000];
const HELD_MS_MAX = 10_000; // threads take their time to start, all at once

/** How many of 64 connections, then of 1000, that are opened at once have an echo in time. */
export const heldOf: Survey = async ({ port, signal }) => {
  let held = 0;
  for (const count of HELD_STEPS) {
    held = await echoesOf(count, port, signal);
    if (held < count) break;
  }
  if (held === 0) throw new Error(`no connection was served within ${HELD_MS_MAX / 1000} s`);
  return { held };
};

async function echoesOf(count: number, port: number, signal: AbortSignal): Promise<number> {
  let held = 0;
  const limit = AbortSignal.any([signal, AbortSignal.timeout(HELD_MS_MAX)]);
  const isOver = new Promise<void>((resolve) => limit.addEventListener('abort', () => resolve()));
  const sockets: Socket[] = [];
  const allHeld = new Promise<void>((resolve) => {
    for (let at = 0; at < count; at++) {
      const socket = createConnection({ host: '127.0.0.1', port });
      sockets.push(socket);
      socket.on('error', () => undefined); // refused or reset: not held
      socket.once('data', () => {
        if (++held === count) resolve();
      });
      socket.write('x');
    }
  });
  await Promise.race([allHeld, isOver]);
  for (const socket of sockets) socket.destroy();
  signal.throwIfAborted();
  return held;
}

/**
 * One connection, alone and then beside many slow ones that send a byte a second each: its tail of
 * latencies in the first window and in the second.
 */
export const besideSlow: Load = async (context) => {
  const { port, setting, children, signal } = context;
  const control = controlOf(context);
  const plan = planOf(context, { protocol: 'tcp', mode: 'closed' });
  const alone = percentilesOf(await runLoad(plan, control));
  const count = numberOf(setting, 'slow', 1);
  const args = [inRoot('bench/peers/slow-crowd.mjs'), String(port), String(count)];
  const crowd = await children.start({ file: process.execPath, args });
  try {
    await crowd.match(/^open$/m, signal, SPARE_MS);
    const report = await runLoad(plan, control);
    const beside = percentilesOf(report);
    crowd.endInput();
    const { sent, received } = JSON.parse(await crowd.finish(signal, SPARE_MS));
    const { operations, seconds, serverCpuNs } = report;
    return {
      operations,
      seconds,
      ...(serverCpuNs !== undefined && { cpuUs: serverCpuNs / 1000 }),
      values: {
        p99Ratio: beside.p99Us / alone.p99Us,
        p50AloneUs: alone.p50Us,
        p99AloneUs: alone.p99Us,
        p50Us: beside.p50Us,
        p99Us: beside.p99Us,
        slowSent: sent,
        slowReceived: received,
      },
    };
  } finally {
    await crowd.stop();
  }
};

function percentilesOf({ latency = '' }: LoadResult): { p50Us: number; p99Us: number } {
  const histogram = decodeFromCompressedBase64(latency);
  const at = (percentile: number) => histogram.getValueAtPercentile(percentile) / 1000;
  return { p50Us: at(50), p99Us: at(99) };
}

/** `wrk`, with keep-alive. */
export const http: Load = async ({ port, setting, seconds, cpu, children, signal }) => {
  const connections = String(numberOf(setting, 'connections', 64));
  const whole = Math.max(1, Math.round(seconds)); // wrk takes no fractions
  const args = ['-t', '1', '-c', connections, '-d', `${whole}s`, '--latency'];
  const wrk = await children.start(
    { file: 'wrk', args: [...args, `http://127.0.0.1:${port}/`] },
    { cpu },
  );
  const output = await wrk.finish(signal, whole * 1000 + SPARE_MS);
  const errors = /Socket errors.*|Non-2xx.*/.exec(output);
  if (errors !== null) throw new Error(errors[0]);
  return { operations: Number(/(\d+) requests in/.exec(output)?.[1]), seconds: whole };
};

/** Sends as many megabytes as the setting has through a relay; an operation is one of them. */
export const relayed: Load = async ({ port, setting, cpu, children, signal }) => {
  const megabytes = numberOf(setting, 'megabytes', 256);
  const args = ['source', String(port), String(megabytes * MEGABYTE)];
  const began = performance.now();
  const source = await children.start({ file: String(setting.ends), args }, { cpu });
  await source.finish(signal, SPARE_MS); // fails when bytes are missing
  const seconds = (performance.now() - began) / 1000;
  const bytesPerSecond = (megabytes * MEGABYTE) / seconds;
  return { operations: megabytes, seconds, values: { bytesPerSecond } };
};

/** Receives the file so many times; an operation is one megabyte of it. */
export const received: Load = async ({ port, setting, cpu, children, signal }) => {
  const times = numberOf(setting, 'times', 1);
  const megabytes = numberOf(setting, 'megabytes', 256) * times;
  const began = performance.now();
  const client = await children.start(
    { file: String(setting.client), args: [String(port), String(times)] },
    { cpu },
  );
  const bytes = Number(await client.finish(signal, SPARE_MS));
  if (bytes !== megabytes * MEGABYTE) throw new Error(`${bytes} bytes of ${megabytes} MB came`);
  const seconds = (performance.now() - began) / 1000;
  return { operations: megabytes, seconds, values: { bytesPerSecond: bytes / seconds } };
};

/**
 * A flow of datagrams; the sender is ours for all, so that only the receiver differs. An operation
 * is a megabyte that arrived; its CPU is the receiver's and the sender's, because on loopback most
 * of the receiving is done within the sender's calls.
 */
export const datagrams: Load = async ({ port, setting, seconds, cpu, pid, children, signal }) => {
  const size = String(numberOf(setting, 'size', 1400));
  const mode = setting.offload === 'on' ? 'offload' : 'plain';
  const args = ['send', String(port), String(seconds), size, mode];
  const program = { file: process.execPath, args: [inRoot('bench/peers/udp-bulk.mjs'), ...args] };
  const before = cpuUs(pid);
  const sender = await children.start(program, { cpu });
  const output = await sender.finish(signal, seconds * 1000 + SPARE_MS);
  const [bytes = 0, sentUs = 0, elapsedMs = 0] = output.trim().split(' ').map(Number);
  const after = cpuUs(pid);
  return {
    operations: bytes / MEGABYTE,
    seconds: elapsedMs / 1000,
    ...(before === undefined || after === undefined ? {} : { cpuUs: after - before + sentUs }),
    values: { bytesPerSecond: bytes / (elapsedMs / 1000) },
  };
};
