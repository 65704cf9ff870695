// The types of methods.mjs, as far as test/behaviour/integrity.test.ts uses it.
export const METHODS: Readonly<Record<string, (subject: object) => unknown>>;
export function outcomeOf(method: string, subject: object): string;
