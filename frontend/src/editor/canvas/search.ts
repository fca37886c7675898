import { FAMILIES, type Kind } from '../types/catalogue';

/** Kinds whose title, name, family or description has all the words; those whose title begins with them come first. */
export function matching<T extends { kind: Kind }>(offers: readonly T[], query: string): T[] {
  const words = query.trim().toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return [...offers].sort((a, b) => familyOrder(a.kind) - familyOrder(b.kind));
  const scored = offers.map((offer) => ({ offer, score: scoreOf(offer.kind, words) }));
  return scored
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score)
    .map(({ offer }) => offer);
}

function scoreOf(kind: Kind, words: readonly string[]): number {
  const title = kind.title.toLowerCase();
  const name = kind.kind.toLowerCase();
  const rest = `${kind.family} ${kind.description}`.toLowerCase();
  let score = 0;
  for (const word of words) {
    if (title.startsWith(word)) score += 8;
    else if (title.includes(word)) score += 5;
    else if (name.includes(word)) score += 4;
    else if (rest.includes(word)) score += 1;
    else return 0;
  }
  return score;
}

export const familyOrder = (kind: Kind): number => {
  const at = (FAMILIES as readonly string[]).indexOf(kind.family);
  return at < 0 ? FAMILIES.length : at;
};
