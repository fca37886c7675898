const KNOWN = new Set([
  'text',
  'messages',
  'documents',
  'embedding',
  'number',
  'boolean',
  'image',
  'audio',
  'video',
  'table',
  'json',
  'file',
]);

/** `list[Text]` → `Text`; a type that is no list stays as it is. */
export function itemType(type: string): string {
  const inner = /^list\[(.+)\]$/i.exec(type);
  return inner?.[1] ?? type;
}

/** The CSS colour of a value type, by its name in the catalogue: `var(--type-…)`, right in both themes. */
export function typeColour(type: string | undefined): string {
  const name = itemType(type ?? '').toLowerCase();
  return `var(--type-${KNOWN.has(name) ? name : 'unknown'})`;
}
