// The choices of a run as a word that fits into an environment variable: numbers with points between them, `-n`
// in place of n zeros.
import { EdgewiseError } from '../errors.ts';

/** `'-27.6.-1.1'`: 27 kind choices, the sixth other one, a kind one, and the first other one. */
export function textOfChoices(choices: readonly number[]): string {
  const words: number[] = [];
  for (const choice of choices) {
    const last = words.at(-1) ?? 1;
    if (choice !== 0) words.push(choice);
    else if (last < 0) words[words.length - 1] = last - 1;
    else words.push(-1);
  }
  return words.join('.');
}

/** @throws EdgewiseError - ERR_SIM_TAPE: it is no such word. */
export function choicesOfText(text: string): number[] {
  if (!/^(-?[1-9]\d{0,6}(\.-?[1-9]\d{0,6})*)?$/.test(text)) {
    const remedy = "copy it from the message of the failure, such as '-27.6.-1.1', or unset it";
    throw new EdgewiseError('ERR_SIM_TAPE', `EDGEWISE_SIM is no run: '${text}'; ${remedy}`);
  }
  if (text === '') return [];
  return text.split('.').flatMap((word) => {
    const number = Number(word);
    return number < 0 ? new Array<number>(-number).fill(0) : [number];
  });
}
