/** Widths at the size node titles are drawn in: a Chinese letter takes about twice a Latin one's. */
const WIDE = 20;
const NARROW = 10.6;

const widthOf = (text: string): number =>
  [...text].reduce((sum, letter) => sum + (letter > '\u2e80' ? WIDE : NARROW), 0);

/** A title in at most two lines of that width; what doesn't fit is cut with an ellipsis. */
export function wrapped(text: string, width: number): string[] {
  const [first, rest] = fitting(text.trim(), width);
  if (!rest) return [first];
  const [second, left] = fitting(rest, width);
  return [first, left ? `${cut(rest, width - NARROW)}…` : second];
}

/** As many whole words as fit, or as many letters if not one does; and what is left. */
function fitting(text: string, width: number): [line: string, rest: string] {
  if (widthOf(text) <= width) return [text, ''];
  const words = text.split(' ');
  let count = 0;
  while (count < words.length && widthOf(words.slice(0, count + 1).join(' ')) <= width) count += 1;
  if (count > 0) return [words.slice(0, count).join(' '), words.slice(count).join(' ')];
  const line = cut(text, width);
  return [line, text.slice(line.length)];
}

function cut(text: string, width: number): string {
  const letters = [...text];
  let end = letters.length;
  while (end > 1 && widthOf(letters.slice(0, end).join('')) > width) end -= 1;
  return letters.slice(0, end).join('').trimEnd();
}
