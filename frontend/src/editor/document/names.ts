/** A free id for a node of this kind: `text.generate` → `generate`, then `generate_2`, ... */
export function freshId(kind: string, taken: (id: string) => boolean): string {
  const last = kind.split('.').at(-1) ?? 'node';
  return freshName(last.replace(/[^a-z0-9_]/gi, '_') || 'node', taken);
}

export function freshName(wanted: string, taken: (name: string) => boolean): string {
  if (!taken(wanted)) return wanted;
  const stem = wanted.replace(/_\d+$/, '');
  let number = 2;
  while (taken(`${stem}_${number}`)) number += 1;
  return `${stem}_${number}`;
}
