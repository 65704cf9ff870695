// What the threads of an Offload run: the user's module, loaded by each task, so that a module that
// cannot be loaded fails the task and not the thread.

/** A task on its way to a thread. */
export interface OffloadWork {
  /** The URL of the module that exports `task`. */
  readonly module: string;
  readonly input: unknown;
}

/** Does one task, on its thread. */
export async function work({ module, input }: OffloadWork): Promise<unknown> {
  try {
    const { task } = await import(module);
    if (typeof task !== 'function') throw new TypeError(`${module} exports no function 'task'`);
    return await task(input);
  } catch (error) {
    throw error === null ? new Error('it threw null') : error; // tinypool takes null for success
  }
}
