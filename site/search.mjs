// Offline search. The functions here are sent to the browser as text: each uses only its arguments.

/** Words, and for names of code their parts as well: `registerEdge` is also `register` and `Edge`. */
export function tokenize(text) {
  const words = text.match(/[\p{L}\p{M}\p{N}_$]+/gu) ?? [];
  return words.flatMap((word) => {
    const parts = word.match(/\p{Lu}+(?!\p{Ll})|\p{Lu}?[\p{Ll}\p{M}]+|\p{Lo}+|\p{N}+/gu) ?? [];
    return parts.length > 1 ? [word, ...parts] : [word];
  });
}

/** What is typed stays whole: the parts of `EDGEWISE_ADDON` would find every `edgewise`. */
export function tokenizeQuery(text) {
  return text.match(/[\p{L}\p{M}\p{N}_$]+/gu) ?? [];
}

/** A heading that is the name itself goes first; what is history goes last. */
export function boostDocument(id, term, { title }) {
  // `Connection (edgewise/promises)`, `4. Backpressure`
  const name = (title ?? '').replace(/ \(.*\)$/, '').replace(/^\d+\. /, '');
  const bare = name.toLowerCase().replace(/[^\p{L}\p{N}_$]/gu, '');
  const isHistory = /\/(CHANGELOG|adr\/)/.test(id);
  return (bare === term ? 8 : 1) * (isHistory ? 0.4 : 1);
}

/** Short names have many neighbours: `recv` is not `send`, and not `recvmsg` written wrongly. */
export function fuzzy(term) {
  return term.length > 5 ? 0.15 : false;
}

export const search = {
  provider: 'local',
  options: {
    miniSearch: {
      options: { tokenize },
      searchOptions: {
        tokenize: tokenizeQuery,
        fuzzy,
        prefix: true,
        boost: { title: 5, text: 2, titles: 1 },
        boostDocument,
      },
    },
  },
};
