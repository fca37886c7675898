import type { GraphPicture, NodePicture, Parts } from '../document/document';
import { ancestors, endpoint, nodeOf, portOf, type Edge } from '../document/graph';
import { kindNamed, type Catalogue, type InputPort, type Kind, type OutputPort, type PortsFrom } from './catalogue';
import { refusalOf, type Refusal } from './compatibility';
import { portsOfParts, typed } from './parts';

export interface Ports {
  readonly inputs: readonly InputPort[];
  readonly outputs: readonly OutputPort[];
  /** What a node that may fail tells then; wired, it catches the failure. */
  readonly error: OutputPort | null;
}

const NO_PORTS: Ports = { inputs: [], outputs: [], error: null };
const ERROR: OutputPort = { name: 'error', type: 'Text', streams: false };
const drawn = new WeakMap<NodePicture, { parts: Parts; ports: Ports }>();

/** The ports of a node as it stands, those that hang on its parameters and on the parts of its graph among them. */
export function portsOf(catalogue: Catalogue, node: NodePicture | undefined, parts: Parts): Ports {
  if (!node) return NO_PORTS;
  const kind = kindNamed(catalogue, node.kind);
  if (!kind) return NO_PORTS;
  const known = drawn.get(node);
  if (known && (known.parts === parts || !kind.ports_of_parts)) return known.ports;
  const error = kind.fallible ? ERROR : null;
  const ports = kind.ports_of_parts
    ? { ...portsOfParts(catalogue, node, kind.ports_of_parts, parts), error }
    : { ...portsWith(kind, node), error };
  drawn.set(node, { parts, ports });
  return ports;
}

function portsWith(kind: Kind, node: NodePicture): Omit<Ports, 'error'> {
  const inputs = made(kind, node, kind.inputs_from, kind.inputs, (port) => ({ ...port, required: true }));
  const outputs = made(kind, node, kind.outputs_from, kind.outputs, (port) => ({ ...port, streams: false }));
  return { inputs: typed(kind, node, inputs), outputs: typed(kind, node, outputs) };
}

/** A side of a node: the ports that its kind always has, then those that a parameter makes of its text. */
function made<T extends { name: string; type: string }>(
  kind: Kind,
  node: NodePicture,
  rule: PortsFrom | null | undefined,
  always: readonly T[],
  complete: (port: { name: string; type: string }) => T,
): readonly T[] {
  if (!rule) return always;
  const fresh = kind.params.properties?.[rule.param]?.default;
  const atFirst = new Set(portsIn(rule, fresh).map((port) => port.name));
  const now = portsIn(rule, node.params[rule.param] ?? fresh);
  return [...always.filter((port) => !atFirst.has(port.name)), ...now.map(complete)];
}

/** The ports that a text makes, such as one for each `{{word}}` of a template. */
function portsIn(rule: PortsFrom, text: unknown): { name: string; type: string }[] {
  if (typeof text !== 'string') return [];
  const found = new Map<string, string>();
  for (const [, name = '', sort = ''] of text.matchAll(new RegExp(rule.pattern, 'gm'))) {
    if (name && !found.has(name)) found.set(name, rule.types?.[sort] ?? rule.type);
  }
  return [...found].map(([name, type]) => ({ name, type }));
}

export function inputPort(catalogue: Catalogue, picture: GraphPicture, reference: string): InputPort | undefined {
  const [node, name] = endpoint(reference);
  return portsOf(catalogue, picture.nodes[node], picture.parts).inputs.find((port) => port.name === name);
}

export function outputPort(catalogue: Catalogue, picture: GraphPicture, reference: string): OutputPort | undefined {
  const [node, name] = endpoint(reference);
  const { outputs, error } = portsOf(catalogue, picture.nodes[node], picture.parts);
  return outputs.find((port) => port.name === name) ?? (error?.name === name ? error : undefined);
}

/** Why this wire can't be drawn; null when it can. */
export function whyNot(catalogue: Catalogue, picture: GraphPicture, edge: Edge): Refusal | null {
  const [from, to] = [nodeOf(edge.source), nodeOf(edge.target)];
  if (from === to) return { code: 'itself' };
  const source = outputPort(catalogue, picture, edge.source);
  const target = inputPort(catalogue, picture, edge.target);
  if (!source || !target) return { code: 'unknown', source: portOf(edge.source), target: portOf(edge.target) };
  if (ancestors(picture.edges, from).has(to)) return { code: 'circle' };
  const refusal = refusalOf(catalogue, source.type, target.type);
  return refusal && !tuningFor(catalogue, picture, edge) ? refusal : null;
}

/** A knob to be set along with a wire, since a port at one end follows it. */
export interface Tuning {
  readonly node: string;
  readonly param: string;
  readonly value: string;
}

/**
 * How a node that takes values of any type becomes one for this wire's: its type knob set to what makes the port fit. Null where
 * it fits as it is, can't be made to, or is wired already for another type.
 */
export function tuningFor(catalogue: Catalogue, picture: GraphPicture, edge: Edge): Tuning | null {
  const source = outputPort(catalogue, picture, edge.source);
  const target = inputPort(catalogue, picture, edge.target);
  if (!source || !target || !refusalOf(catalogue, source.type, target.type)) return null;
  const into = tunedNode(catalogue, picture, edge, nodeOf(edge.target), target, source.type);
  return into ?? tunedNode(catalogue, picture, edge, nodeOf(edge.source), source, target.type);
}

function tunedNode(
  catalogue: Catalogue,
  picture: GraphPicture,
  edge: Edge,
  id: string,
  port: InputPort | OutputPort,
  type: string,
): Tuning | null {
  const node = picture.nodes[id];
  const kind = node && kindNamed(catalogue, node.kind);
  if (!kind || !port.follows) return null;
  const following = new Set([...kind.inputs, ...kind.outputs].filter((each) => each.follows).map((each) => each.name));
  // The wire that this one would take the place of binds nothing.
  const bound = picture.edges.some(
    ({ source, target }) =>
      target !== edge.target && [source, target].some((end) => nodeOf(end) === id && following.has(portOf(end))),
  );
  const value = bound ? null : knobFor(kind, port, type);
  return value === null ? null : { node: id, param: port.follows, value };
}

/** What the knob that a port follows must say for the port to be of this type; null when it can't. */
export function knobFor(kind: Kind, { name, follows }: InputPort | OutputPort, type: string): string | null {
  const knob = follows === undefined ? undefined : kind.params.properties?.[follows];
  const fresh = [...kind.inputs, ...kind.outputs].find((each) => each.name === name && each.follows === follows)?.type;
  if (!knob || fresh === undefined || typeof knob.default !== 'string') return null;
  const fits = (knob.enum ?? []).find((each) => fresh.replace(String(knob.default), String(each)) === type);
  return typeof fits === 'string' ? fits : null;
}

export interface Offer {
  kind: Kind;
  /** The port of the new node that the wire would go to; absent when nothing is being wired. */
  port?: string;
  /** Knobs that must be set for that. */
  params?: Record<string, string>;
}

/** Kinds that could stand at the other end of a wire of this type, each with its first port that fits. */
export function kindsThatFit(catalogue: Catalogue, wire: { from: string } | { into: string }): Offer[] {
  return catalogue.nodes.flatMap((kind): Offer[] => {
    const type = 'from' in wire ? wire.from : wire.into;
    const ports: readonly (InputPort | OutputPort)[] = 'from' in wire ? kind.inputs : kind.outputs;
    const fits = (port: InputPort | OutputPort) =>
      !('from' in wire ? refusalOf(catalogue, type, port.type) : refusalOf(catalogue, port.type, type));
    const exact = ports.find((port) => port.type === type) ?? ports.find((port) => !port.follows && fits(port));
    if (exact) return [{ kind, port: exact.name }];
    for (const port of ports) {
      const value = knobFor(kind, port, type);
      if (value !== null && port.follows) return [{ kind, port: port.name, params: { [port.follows]: value } }];
    }
    const any = ports.find(fits);
    return any ? [{ kind, port: any.name }] : [];
  });
}
