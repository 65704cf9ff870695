// The loads: the generator of bench/load, and for what it does not do the programs that do it.
import { type LoadControl, type LoadPlan, type LoadResult, runLoad } from '../load.ts';
import { cpuUs, residentBytes } from '../measure/usage.ts';
import type { Values } from '../model.ts';
import { inRoot } from '../root.ts';
import { type Load, type LoadContext, numberOf } from './scenario.ts';

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
      ...{ operations, seconds },
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

/** Idle connections: what the contender's memory has grown by when they are open. */
export const idle: Load = async (context) => {
  const { pid, setting } = context;
  const before = residentBytes(pid) ?? 0;
  let grownBytes = 0;
  const onOpen = () => {
    grownBytes = (residentBytes(pid) ?? 0) - before;
  };
  const plan = planOf(context, { protocol: 'tcp', mode: 'idle' });
  const { operations, seconds } = await runLoad(plan, { ...controlOf(context), onOpen });
  const bytesPerConnection = grownBytes / numberOf(setting, 'connections', 1);
  return { operations, seconds, values: { bytesPerConnection } };
};

/** `wrk`, with keep-alive. */
export const http: Load = async ({ port, setting, seconds, cpu, processes, signal }) => {
  const connections = String(numberOf(setting, 'connections', 64));
  const whole = Math.max(1, Math.round(seconds)); // wrk takes no fractions
  const args = ['-t', '1', '-c', connections, '-d', `${whole}s`, '--latency'];
  const wrk = await processes.start(
    { file: 'wrk', args: [...args, `http://127.0.0.1:${port}/`] },
    cpu,
  );
  const output = await wrk.finish(signal, whole * 1000 + SPARE_MS);
  const errors = /Socket errors.*|Non-2xx.*/.exec(output);
  if (errors !== null) throw new Error(errors[0]);
  return { operations: Number(/(\d+) requests in/.exec(output)?.[1]), seconds: whole };
};

/** Sends as many megabytes as the setting has through a relay; an operation is one of them. */
export const relayed: Load = async ({ port, setting, cpu, processes, signal }) => {
  const megabytes = numberOf(setting, 'megabytes', 256);
  const args = ['source', String(port), String(megabytes * MEGABYTE)];
  const began = performance.now();
  const source = await processes.start({ file: String(setting.ends), args }, cpu);
  await source.finish(signal, SPARE_MS); // fails when bytes are missing
  const seconds = (performance.now() - began) / 1000;
  const bytesPerSecond = (megabytes * MEGABYTE) / seconds;
  return { operations: megabytes, seconds, values: { bytesPerSecond } };
};

/** Receives the file so many times; an operation is one megabyte of it. */
export const received: Load = async ({ port, setting, cpu, processes, signal }) => {
  const times = numberOf(setting, 'times', 1);
  const megabytes = numberOf(setting, 'megabytes', 256) * times;
  const began = performance.now();
  const client = await processes.start(
    { file: String(setting.client), args: [String(port), String(times)] },
    cpu,
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
export const datagrams: Load = async ({ port, setting, seconds, cpu, pid, processes, signal }) => {
  const size = String(numberOf(setting, 'size', 1400));
  const mode = setting.offload === 'on' ? 'offload' : 'plain';
  const args = ['send', String(port), String(seconds), size, mode];
  const program = { file: process.execPath, args: [inRoot('bench/peers/udp-bulk.mjs'), ...args] };
  const before = cpuUs(pid);
  const sender = await processes.start(program, cpu);
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
