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
  /** The knob that says the port's type: in the port's own, the knob's first value is replaced by what it holds. */
  follows?: string;
}

export interface OutputPort {
  name: string;
  type: string;
  streams: boolean;
  follows?: string;
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
  /** The ports of the node are of the type that this knob says. */
  'x-type-of-ports'?: boolean;
  [more: string]: unknown;
}

export interface ParamsSchema {
  properties?: Record<string, ParamSchema>;
  required?: string[];
  $defs?: Record<string, ParamSchema>;
  [more: string]: unknown;
}

/** Ports made by a parameter: one for each match of `pattern`'s first group in its text, of `type`, or of what `types` says for the second group. */
export interface PortsFrom {
  param: string;
  pattern: string;
  type: string;
  types?: Record<string, string>;
}

/**
 * How a flow node's ports follow from its parts': the inputs and outputs of all of them, each name once. `over` is the parameter
 * that names the input which takes a list (left empty, the only input); with `lists` each output is a list; `adds` are further outputs.
 */
export interface PortsOfParts {
  /** The parameters that name the parts. */
  parts: string[];
  over: string | null;
  lists: boolean;
  adds: OutputPort[];
}

/** How hard steps of a kind are tried; seconds where it is a time. */
export interface Reliability {
  attempts: number;
  timeout: number | null;
  backoff: number;
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
  inputs_from?: PortsFrom | null;
  outputs_from?: PortsFrom | null;
  ports_of_parts?: PortsOfParts | null;
  /** Null for a kind that isn't expected to fail; else it has one more output, `error`. */
  fallible?: Reliability | null;
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
