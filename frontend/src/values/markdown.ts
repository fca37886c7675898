/** The little markdown that models write, as data: nothing here makes HTML, so nothing in a text can become any. */

export type Span =
  | { kind: 'text'; text: string }
  | { kind: 'code'; text: string }
  | { kind: 'strong' | 'emphasis'; spans: Span[] }
  | { kind: 'link'; text: string; href: string }
  | { kind: 'citation'; number: number };

export type Block =
  | { kind: 'paragraph' | 'quote'; text: string }
  | { kind: 'heading'; level: number; text: string }
  | { kind: 'list'; ordered: boolean; start: number; items: string[] }
  | { kind: 'code'; language: string; text: string }
  | { kind: 'table'; head: string[]; rows: string[][] }
  | { kind: 'rule' };

/** Splits a text at blank lines outside code fences. Every piece but the last stays the same string while the text grows. */
export function pieces(text: string): string[] {
  const found: string[] = [];
  let current: string[] = [];
  let fenced = false;
  for (const line of text.split('\n')) {
    if (/^\s*```/.test(line)) fenced = !fenced;
    if (line.trim() === '' && !fenced) {
      if (current.length > 0) found.push(current.join('\n'));
      current = [];
    } else {
      current.push(line);
    }
  }
  if (current.length > 0) found.push(current.join('\n'));
  return found;
}

/** The blocks of one piece. */
export function blocks(piece: string): Block[] {
  const lines = piece.split('\n');
  const found: Block[] = [];
  while (lines.length > 0) found.push(nextBlock(lines));
  return found;
}

const BULLET = /^\s*[-*+•]\s+(.*)$/;
const NUMBERED = /^\s*(\d{1,3})[.)]\s+(.*)$/;
const DIVIDER = /^\s*\|?[\s:|-]*-{3,}[\s:|-]*\|?\s*$/;

function nextBlock(lines: string[]): Block {
  const line = lines[0] as string;
  const fence = /^\s*```(\S*)/.exec(line);
  if (fence) return codeBlock(lines, fence[1] ?? '');
  const heading = /^(#{1,6})\s+(.*)$/.exec(line);
  if (heading) {
    lines.shift();
    return { kind: 'heading', level: heading[1]?.length ?? 1, text: heading[2] ?? '' };
  }
  if (/^\s*([-*_])(\s*\1){2,}\s*$/.test(line)) {
    lines.shift();
    return { kind: 'rule' };
  }
  if (BULLET.test(line) || NUMBERED.test(line)) return listBlock(lines);
  if (/^\s*>/.test(line))
    return {
      kind: 'quote',
      text: taken(lines, (each) => /^\s*>/.test(each))
        .map((each) => each.replace(/^\s*>\s?/, ''))
        .join('\n'),
    };
  if (line.includes('|') && DIVIDER.test(lines[1] ?? '')) return tableBlock(lines);
  return { kind: 'paragraph', text: taken(lines, (each, index) => index === 0 || !startsBlock(each)).join('\n') };
}

const startsBlock = (line: string): boolean =>
  /^\s*```/.test(line) || /^#{1,6}\s/.test(line) || BULLET.test(line) || NUMBERED.test(line) || /^\s*>/.test(line);

function taken(lines: string[], wanted: (line: string, index: number) => boolean): string[] {
  let count = 0;
  while (count < lines.length && wanted(lines[count] as string, count)) count += 1;
  return lines.splice(0, Math.max(1, count));
}

function codeBlock(lines: string[], language: string): Block {
  lines.shift();
  const end = lines.findIndex((line) => /^\s*```/.test(line));
  const text = lines.splice(0, end < 0 ? lines.length : end).join('\n');
  lines.shift();
  return { kind: 'code', language, text };
}

function listBlock(lines: string[]): Block {
  const first = NUMBERED.exec(lines[0] as string);
  const mark = first ? NUMBERED : BULLET;
  const items: string[] = [];
  while (lines.length > 0) {
    const line = lines[0] as string;
    const item = mark.exec(line);
    if (item) items.push(item.at(-1) ?? '');
    else if (/^\s+\S/.test(line) && !startsBlock(line)) items.push(`${items.pop() ?? ''}\n${line.trim()}`);
    else break;
    lines.shift();
  }
  return { kind: 'list', ordered: first !== null, start: Number(first?.[1] ?? 1), items };
}

function tableBlock(lines: string[]): Block {
  const rows = taken(lines, (line) => line.includes('|')).map(cells);
  return { kind: 'table', head: rows[0] ?? [], rows: rows.slice(2) };
}

const cells = (line: string): string[] =>
  line
    .trim()
    .replace(/^\||\|$/g, '')
    .split('|')
    .map((cell) => cell.trim());

const INLINE =
  /(`+)([^`]+?)\1|\*\*(?=\S)([^*]+?)\*\*|(?<![\w*])\*(?=\S)([^*\n]+?)\*(?![\w*])|(?<!\w)_(?=\S)([^_\n]+?)_(?!\w)|\[([^\]\n]+)\]\((https?:\/\/[^\s)]+)\)|(https?:\/\/[^\s<>"')\]]+[^\s<>"')\].,;:!?])|\[(\d{1,3}(?:\s*,\s*\d{1,3})*)\]/g;

export function spans(text: string): Span[] {
  const found: Span[] = [];
  let from = 0;
  for (const match of text.matchAll(INLINE)) {
    if (match.index > from) found.push({ kind: 'text', text: text.slice(from, match.index) });
    found.push(...spanOf(match));
    from = match.index + match[0].length;
  }
  if (from < text.length) found.push({ kind: 'text', text: text.slice(from) });
  return found;
}

function spanOf(match: RegExpExecArray | RegExpMatchArray): Span[] {
  const [whole, , code, strong, star, underscore, label, target, address, citation] = match;
  if (code !== undefined) return [{ kind: 'code', text: code }];
  if (strong !== undefined) return [{ kind: 'strong', spans: spans(strong) }];
  const emphasis = star ?? underscore;
  if (emphasis !== undefined) return [{ kind: 'emphasis', spans: spans(emphasis) }];
  if (label !== undefined && target !== undefined) return [{ kind: 'link', text: label, href: target }];
  if (address !== undefined) return [{ kind: 'link', text: address, href: address }];
  if (citation !== undefined)
    return citation.split(',').map((number) => ({ kind: 'citation', number: Number(number) }));
  return [{ kind: 'text', text: whole ?? '' }];
}
