export interface Piece {
  text: string;
  hit: boolean;
}

/** A script without spaces between words: each run of its letters is looked for in pairs. */
const UNSPACED = /[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]+/gu;
const TOO_COMMON = new Set('a an and are as at be by do does for from how in is it of on or that the this to was what when where which who why will with'.split(' '));

/** The text in pieces, those with a word of the query marked as hits. Joined, the pieces are the text. */
export function highlighted(text: string, query: string): Piece[] {
  const words = wordsOf(query);
  if (words.length === 0) return [{ text, hit: false }];
  const pattern = new RegExp(words.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|'), 'giu');
  const pieces: Piece[] = [];
  let end = 0;
  for (const found of text.matchAll(pattern)) {
    if (!startsWord(text, found.index)) continue;
    if (found.index > end) pieces.push({ text: text.slice(end, found.index), hit: false });
    pieces.push({ text: found[0], hit: true });
    end = found.index + found[0].length;
  }
  if (end < text.length || pieces.length === 0) pieces.push({ text: text.slice(end), hit: false });
  return pieces;
}

/** Longest first, so that "pumps" is marked whole where both "pump" and "pumps" were asked for. */
function wordsOf(query: string): string[] {
  const spaced = query.replace(UNSPACED, ' ').toLowerCase().match(/[\p{L}\p{N}]{2,}/gu) ?? [];
  const pairs = (query.match(UNSPACED) ?? []).flatMap(pairsOf);
  const words = new Set([...spaced.filter((word) => !TOO_COMMON.has(word)), ...pairs]);
  return [...words].sort((a, b) => b.length - a.length);
}

function pairsOf(run: string): string[] {
  const letters = [...run];
  return letters.length < 2 ? letters : letters.slice(1).map((letter, index) => letters[index] + letter);
}

const startsWord = (text: string, at: number): boolean =>
  at === 0 || /[^\p{L}\p{N}]|[\u3040-\u30ff\u3400-\u9fff]/u.test(text[at - 1] ?? '') || /[\u3040-\u30ff\u3400-\u9fff]/u.test(text[at] ?? '');
