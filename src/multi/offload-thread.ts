// What the threads of an Offload run: the user's module, loaded by each task, so that one that cannot
// be loaded fails its task and not the thread. process.exit throws here: the pool learns of threads
// that die by an error, and would wait for ever for one that ends without.

/** A task on its way to a thread. */
export interface OffloadWork {
  /** The URL of the module that exports `task`. */
  readonly module: string;
  readonly input: unknown;
}

process.exit = (code) => {
  throw new Error(`process.exit(${code ?? ''}) was called in a task`);
};

/** Does one task, on its thread. */
export async function work({ module, input }: OffloadWork): Promise<unknown> {
  const { task } = await import(module);
  if (typeof task !== 'function') throw new TypeError(`${module} exports no function 'task'`);
  return task(input);
}
