// What a client and the server say to each other; nothing is to be done here, since lab 3 was about it.
const LINE_MAX = 1024;
const NEWLINE = 10;

/** The lines of one client. */
export class Lines {
  #rest: Uint8Array = new Uint8Array();
  #isOver = false;

  /** After QUIT, or a line that is too long: there is nothing more to read. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Takes what a read has brought. @returns the answers, empty when no line is whole. */
  take(bytes: Uint8Array): Buffer {
    const all = Buffer.concat([this.#rest, bytes]);
    const end = all.lastIndexOf(NEWLINE) + 1;
    const answers: string[] = [];
    for (const line of all.toString('latin1', 0, end).split('\n').slice(0, -1)) {
      if (line.length > LINE_MAX || line === 'QUIT') this.#isOver = true;
      if (this.#isOver) break;
      answers.push(`${line.toUpperCase()}\n`);
    }
    this.#rest = all.subarray(end);
    if (this.#rest.length > LINE_MAX) this.#isOver = true;
    return Buffer.from(answers.join(''), 'latin1');
  }
}
