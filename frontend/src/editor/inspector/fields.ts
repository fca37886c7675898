import type { Json, Params } from '../document/graph';
import type { Kind, ParamSchema } from '../types/catalogue';

/** One knob, told from its JSON Schema: which control draws it and what it may hold. */
export interface Field {
  readonly name: string;
  readonly label: string;
  readonly help: string;
  readonly control:
    | 'number'
    | 'switch'
    | 'choice'
    | 'line'
    | 'lines'
    | 'model'
    | 'collection'
    | 'part'
    | 'input'
    | 'output'
    | 'list'
    | 'json';
  readonly whole: boolean;
  readonly least: number | null;
  readonly most: number | null;
  readonly choices: readonly { value: Json; label: string }[];
  readonly mayBeEmpty: boolean;
  readonly standard: Json | undefined;
  readonly primary: boolean;
  readonly task: string | null;
}

const known = new WeakMap<Kind, Field[]>();

export function fieldsOf(kind: Kind): Field[] {
  const before = known.get(kind);
  if (before) return before;
  const fields = Object.entries(kind.params.properties ?? {}).map(([name, schema]) => fieldOf(kind, name, schema));
  known.set(kind, fields);
  return fields;
}

/** The knobs drawn on the node itself: at most two. */
export const primaryFields = (kind: Kind): Field[] =>
  fieldsOf(kind)
    .filter((field) => field.primary)
    .slice(0, 2);

export function valueOf(field: Field, params: Params): Json | undefined {
  return field.name in params ? params[field.name] : field.standard;
}

function fieldOf(kind: Kind, name: string, schema: ParamSchema): Field {
  const { inner, mayBeEmpty } = resolved(kind, schema);
  const choices = inner.enum ?? (inner.const === undefined ? [] : [inner.const]);
  return {
    name,
    label: schema.title ?? inner.title ?? spacedOut(name),
    help: schema.description ?? inner.description ?? '',
    control: portNamed(kind, name) ?? controlOf({ ...inner, ...schema }, inner, choices.length > 0),
    whole: typesOf(inner).includes('integer'),
    least: inner.minimum ?? inner.exclusiveMinimum ?? null,
    most: inner.maximum ?? inner.exclusiveMaximum ?? null,
    choices: choices.map((value) => ({ value, label: inner['x-labels']?.[String(value)] ?? String(value) })),
    mayBeEmpty,
    standard: schema.default,
    primary: schema['x-primary'] === true,
    task: schema['x-task'] ?? inner['x-task'] ?? null,
  };
}

/** A knob that names a port of the part: the input that gets the items, the output that ends the rounds. */
function portNamed(kind: Kind, name: string): 'input' | 'output' | null {
  if (!kind.ports_of_parts) return null;
  if (name === kind.ports_of_parts.over) return 'input';
  return kind.kind === 'flow.repeat' && name === 'until' ? 'output' : null;
}

/** Looks through `$ref`, `allOf` of one and `anyOf` with null. */
function resolved(kind: Kind, schema: ParamSchema): { inner: ParamSchema; mayBeEmpty: boolean } {
  if (schema.$ref) {
    const target = kind.params.$defs?.[schema.$ref.split('/').at(-1) ?? ''];
    return target ? resolved(kind, target) : { inner: schema, mayBeEmpty: false };
  }
  if (schema.allOf?.length === 1) return resolved(kind, schema.allOf[0] as ParamSchema);
  if (schema.anyOf) {
    const real = schema.anyOf.filter((each) => each.type !== 'null');
    if (real.length === 1)
      return { inner: resolved(kind, real[0] as ParamSchema).inner, mayBeEmpty: real.length < schema.anyOf.length };
    return { inner: schema, mayBeEmpty: real.length < schema.anyOf.length };
  }
  return { inner: schema, mayBeEmpty: typesOf(schema).includes('null') };
}

function controlOf(schema: ParamSchema, inner: ParamSchema, chosen: boolean): Field['control'] {
  const names = schema['x-ref'];
  if (names === 'model' || names === 'collection' || names === 'part') return names;
  if (chosen) return 'choice';
  const types = typesOf(inner);
  if (types.includes('boolean')) return 'switch';
  if (types.includes('integer') || types.includes('number')) return 'number';
  if (types.includes('string')) return schema['x-widget'] === 'textarea' ? 'lines' : 'line';
  if (types.includes('array') && typesOf(inner.items ?? {}).includes('string')) return 'list';
  return 'json';
}

const typesOf = (schema: ParamSchema): string[] => (schema.type === undefined ? [] : [schema.type].flat());

/** `max_new_tokens` → `Max new tokens`. */
function spacedOut(name: string): string {
  const words = name.replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** A number typed into a field, as the field may hold it; undefined for what is no number. */
export function numberFrom(text: string, field: Field): number | null | undefined {
  const trimmed = text.trim().replace(',', '.');
  if (trimmed === '') return field.mayBeEmpty ? null : undefined;
  const number = Number(trimmed);
  if (!Number.isFinite(number)) return undefined;
  const bounded = Math.min(field.most ?? Infinity, Math.max(field.least ?? -Infinity, number));
  return field.whole ? Math.round(bounded) : bounded;
}

/** A range worth a slider: both ends known and near enough that a pixel means something. */
export function slides(field: Field): boolean {
  if (field.control !== 'number' || field.least === null || field.most === null) return false;
  const span = field.most - field.least;
  return field.whole ? span <= 64 : span <= 10;
}

export const stepOf = (field: Field): number =>
  field.whole ? 1 : (field.most ?? 1) - (field.least ?? 0) <= 2 ? 0.05 : 0.1;
