// Bytes that are passed on: datagrams, a relay, a file, and HTTP. The operation of the bulky ones is
// a megabyte (10^6 bytes).
import { writeFileSync } from 'node:fs';
import { compiled } from '../measure/compile.ts';
import { BYTE_RATE, CPU, LATENCIES, RATE, SYSCALLS } from '../metrics.ts';
import { inRoot } from '../root.ts';
import { datagrams, generated, http, received, relayed } from './loads.ts';
import type { Scenario, Surroundings } from './scenario.ts';

const RELAY_MEGABYTES = 512;
const FILE_MEGABYTES = 128;
const FILE_TIMES = 4;
const BULK = [CPU, BYTE_RATE];

const sinkBehind: Surroundings = {
  sketch: { targetPort: 1 },
  async prepare(children, signal, loadCpu) {
    const ends = await compiled('relay_load', children, signal);
    const sink = await children.start({ file: ends, args: ['sink'] }, { cpu: loadCpu });
    const [, port] = await sink.match(/:(\d+)\s*$/m, signal);
    return { ends, targetPort: Number(port) };
  },
};

const fileInCache: Surroundings = {
  sketch: { file: '' },
  async prepare(children, signal) {
    const client = await compiled('drain', children, signal);
    const file = inRoot('build-bench/load/file');
    writeFileSync(file, Buffer.alloc(FILE_MEGABYTES * 1e6, 'edgewise'));
    return { client, file };
  },
};

export const transfer: readonly Scenario[] = [
  {
    name: 'udp-echo',
    title: 'UDP echo',
    operation: 'one datagram and its echo',
    role: 'udp-echo',
    load: generated('udp', 'closed'),
    metrics: [CPU, RATE, ...LATENCIES, SYSCALLS],
    merit: CPU.name,
    bases: ['c', 'node'],
    variations: [64, 1024].map((size) => ({
      setting: { connections: 32, size },
      field: 'all',
      isQuick: size === 64,
    })),
    countsSyscalls: ({ size }) => size === 64,
  },
  {
    name: 'udp-bulk',
    title: 'UDP in bulk, with and without GSO and GRO',
    operation: 'a megabyte received, with the CPU of the sender',
    role: 'udp-sink',
    load: datagrams,
    metrics: BULK,
    merit: CPU.name,
    bases: ['c', 'node'],
    variations: ['off', 'on'].map((offload) => ({
      setting: { size: 1400, offload },
      field: 'all',
      isQuick: true,
    })),
  },
  {
    name: 'relay',
    title: 'Relay',
    operation: 'a megabyte passed on from one connection to another',
    role: 'tcp-relay',
    load: relayed,
    surroundings: sinkBehind,
    metrics: BULK,
    merit: CPU.name,
    bases: ['c', 'node'],
    variations: [{ setting: { megabytes: RELAY_MEGABYTES }, field: 'all', isQuick: true }],
  },
  {
    name: 'file',
    title: 'A file sent',
    operation: 'a megabyte of a file in the page cache',
    role: 'file',
    load: received,
    surroundings: fileInCache,
    metrics: BULK,
    merit: CPU.name,
    bases: ['c', 'node'],
    variations: [
      {
        setting: { megabytes: FILE_MEGABYTES, times: FILE_TIMES },
        field: 'all',
        isQuick: true,
      },
    ],
  },
  {
    name: 'http',
    title: 'HTTP hello, keep-alive',
    operation: 'a request and its answer of 13 bytes',
    role: 'http',
    load: http,
    quick: ['edgewise-stream', 'node'],
    needs: { program: 'wrk', install: 'apt-get install wrk' },
    metrics: [CPU, RATE],
    merit: CPU.name,
    bases: ['c', 'node'],
    variations: [{ setting: { connections: 64 }, field: 'all', isQuick: true }],
  },
];
