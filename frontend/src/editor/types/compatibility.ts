import type { Catalogue, TypeDescription } from './catalogue';

type Types = Readonly<Record<string, TypeDescription>>;

/** How a value of one type gets into a port of another. */
export type Fit = 'same' | 'refines' | 'becomes';

/** Whether a `source` can be handed to a port of type `target`; null when the two don't fit. The server decides by the same rules. */
export function fit(types: Types, source: string, target: string): Fit | null {
  if (source === target) return 'same';
  const [from, to] = [itemOf(source), itemOf(target)];
  if (from !== null && to !== null) return fit(types, from, to);
  if (from !== null || to !== null) return null;
  if (ancestry(types, source).includes(target)) return 'refines';
  return types[source]?.becomes?.includes(target) ? 'becomes' : null;
}

/** `list[Text]` → `Text`; null for what is no list. */
export function itemOf(type: string): string | null {
  return /^list\[(.+)\]$/.exec(type)?.[1] ?? null;
}

/** The colour of a type by its plain name, for `--type-<name>` and for drawing. */
export function baseType(type: string): string {
  const item = itemOf(type);
  return item === null ? type : baseType(item);
}

export function ancestry(types: Types, type: string): string[] {
  const line: string[] = [];
  for (let at = types[type]?.extends; at && !line.includes(at); at = types[at]?.extends) line.push(at);
  return line;
}

export interface Refusal {
  code: 'types' | 'listToOne' | 'oneToList' | 'itself' | 'circle' | 'sameSide' | 'unknown';
  source?: string;
  target?: string;
  /** A kind that would stand between the two. */
  through?: string;
}

/** Why two types don't fit; `through` names a kind of the catalogue that turns the one into the other, if there is one. */
export function refusalOf(catalogue: Catalogue, source: string, target: string): Refusal | null {
  if (fit(catalogue.types, source, target)) return null;
  const bridge = catalogue.nodes.find(
    (kind) =>
      kind.inputs.some((port) => fit(catalogue.types, source, port.type)) &&
      kind.outputs.some((port) => fit(catalogue.types, port.type, target)) &&
      kind.inputs.filter((port) => port.required).every((port) => fit(catalogue.types, source, port.type)),
  );
  const code =
    itemOf(source) && !itemOf(target) ? 'listToOne' : !itemOf(source) && itemOf(target) ? 'oneToList' : 'types';
  return { code, source, target, ...(bridge ? { through: bridge.title } : {}) };
}
