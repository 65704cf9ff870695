// The port that the command line asks for.

/** What follows `--port`. */
export function portIn(words: readonly string[]): number {
  return Number(words[words.indexOf('--port') + 1]);
}
