import type { NodePicture, Picture } from '../document/document';
import { ancestors, endpoint, nodeOf, portOf, type Edge } from '../document/graph';
import { kindNamed, type Catalogue, type InputPort, type InputsFrom, type Kind, type OutputPort } from './catalogue';
import { refusalOf, type Refusal } from './compatibility';

export interface Ports {
  readonly inputs: readonly InputPort[];
  readonly outputs: readonly OutputPort[];
}

const NO_PORTS: Ports = { inputs: [], outputs: [] };
const drawn = new WeakMap<NodePicture, Ports>();

/** The ports of a node as it stands, those that hang on its parameters among them. */
export function portsOf(catalogue: Catalogue, node: NodePicture | undefined): Ports {
  if (!node) return NO_PORTS;
  const known = drawn.get(node);
  if (known) return known;
  const kind = kindNamed(catalogue, node.kind);
  const ports = kind ? portsWith(kind, node) : NO_PORTS;
  drawn.set(node, ports);
  return ports;
}

function portsWith(kind: Kind, node: NodePicture): Ports {
  const rule = kind.inputs_from;
  if (!rule) return kind;
  const fresh = kind.params.properties?.[rule.param]?.default;
  const atFirst = new Set(namesIn(rule, fresh));
  const made = namesIn(rule, node.params[rule.param] ?? fresh);
  return {
    inputs: [
      ...kind.inputs.filter((port) => !atFirst.has(port.name)),
      ...made.map((name): InputPort => ({ name, type: rule.type, required: true })),
    ],
    outputs: kind.outputs,
  };
}

/** The ports that a text makes, such as one for each `{{word}}` of a template. */
function namesIn(rule: InputsFrom, text: unknown): string[] {
  if (typeof text !== 'string') return [];
  const names = [...text.matchAll(new RegExp(rule.pattern, 'g'))].map((match) => match[1] ?? '');
  return [...new Set(names)].filter(Boolean);
}

export function inputPort(catalogue: Catalogue, picture: Picture, reference: string): InputPort | undefined {
  const [node, name] = endpoint(reference);
  return portsOf(catalogue, picture.nodes[node]).inputs.find((port) => port.name === name);
}

export function outputPort(catalogue: Catalogue, picture: Picture, reference: string): OutputPort | undefined {
  const [node, name] = endpoint(reference);
  return portsOf(catalogue, picture.nodes[node]).outputs.find((port) => port.name === name);
}

/** Why this wire can't be drawn; null when it can. */
export function whyNot(catalogue: Catalogue, picture: Picture, edge: Edge): Refusal | null {
  const [from, to] = [nodeOf(edge.source), nodeOf(edge.target)];
  if (from === to) return { code: 'itself' };
  const source = outputPort(catalogue, picture, edge.source);
  const target = inputPort(catalogue, picture, edge.target);
  if (!source || !target) return { code: 'unknown', source: portOf(edge.source), target: portOf(edge.target) };
  if (ancestors(picture.edges, from).has(to)) return { code: 'circle' };
  return refusalOf(catalogue, source.type, target.type);
}

export interface Offer {
  kind: Kind;
  /** The port of the new node that the wire would go to; absent when nothing is being wired. */
  port?: string;
}

/** Kinds that could stand at the other end of a wire of this type, each with its first port that fits. */
export function kindsThatFit(catalogue: Catalogue, wire: { from: string } | { into: string }): Offer[] {
  return catalogue.nodes.flatMap((kind): Offer[] => {
    if ('from' in wire) {
      const port = kind.inputs.find((each) => !refusalOf(catalogue, wire.from, each.type));
      return port ? [{ kind, port: port.name }] : [];
    }
    const port = kind.outputs.find((each) => !refusalOf(catalogue, each.type, wire.into));
    return port ? [{ kind, port: port.name }] : [];
  });
}
