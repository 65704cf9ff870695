// What `edgewise demo` and the benchmark suite (bench/) share: processes, the load generator, CPUs,
// the order of rounds, medians and ratios, and tables. It imports nothing from outside this folder.
export * from './children.ts';
export * from './comparison.ts';
export * from './cpus.ts';
export * from './load.ts';
export * from './progress.ts';
export * from './rounds.ts';
export * from './statistics.ts';
export * from './table.ts';
