import type { Json } from '../document/graph';

export interface TypeDescription {
  colour: string;
  extends?: string | null;
  /** Types that a value of this one is turned into when a port asks for them. */
  becomes?: string[];
}

export interface InputPort {
  name: string;
  type: string;
  required: boolean;
  streams?: boolean;
}

export interface OutputPort {
  name: string;
  type: string;
  streams: boolean;
}

/** One property of a kind's parameters, as JSON Schema with our own `x-` words. */
export interface ParamSchema {
  type?: string | string[];
  title?: string;
  description?: string;
  default?: Json;
  enum?: Json[];
  const?: Json;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
  multipleOf?: number;
  minLength?: number;
  maxLength?: number;
  pattern?: string;
  items?: ParamSchema;
  anyOf?: ParamSchema[];
  allOf?: ParamSchema[];
  $ref?: string;
  'x-ref'?: string;
  'x-task'?: string;
  'x-widget'?: string;
  'x-primary'?: boolean;
  'x-labels'?: Record<string, string>;
  [more: string]: unknown;
}

export interface ParamsSchema {
  properties?: Record<string, ParamSchema>;
  required?: string[];
  $defs?: Record<string, ParamSchema>;
  [more: string]: unknown;
}

/** Input ports made by a parameter: one of `type` for each match of `pattern`'s first group in its text. */
export interface InputsFrom {
  param: string;
  pattern: string;
  type: string;
}

export interface Kind {
  kind: string;
  version: number | string;
  title: string;
  family: string;
  description: string;
  params: ParamsSchema;
  inputs: InputPort[];
  outputs: OutputPort[];
  inputs_from?: InputsFrom | null;
}

export interface Catalogue {
  types: Record<string, TypeDescription>;
  nodes: Kind[];
}

export const FAMILIES = ['input', 'encoder', 'generator', 'retrieval', 'tool', 'guard', 'control', 'output'] as const;

const kindsOf = new WeakMap<Catalogue, Map<string, Kind>>();

export function kindNamed(catalogue: Catalogue, name: string): Kind | undefined {
  let kinds = kindsOf.get(catalogue);
  if (!kinds) {
    kinds = new Map(catalogue.nodes.map((kind) => [kind.kind, kind]));
    kindsOf.set(catalogue, kinds);
  }
  return kinds.get(name);
}

/** Values that a node of this kind begins with, where its schema gives any. */
export function defaultsOf(kind: Kind): Record<string, Json> {
  const defaults: Record<string, Json> = {};
  for (const [name, schema] of Object.entries(kind.params.properties ?? {})) {
    if (schema.default !== undefined && schema.default !== null) defaults[name] = schema.default;
  }
  return defaults;
}
