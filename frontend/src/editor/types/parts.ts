import type { PartFields } from '../document/parts';
import type { GraphPicture, NodePicture, Parts } from '../document/picture';
import { kindNamed, type Catalogue, type InputPort, type Kind, type OutputPort, type PortsOfParts } from './catalogue';
import type { Ports } from './ports';

/** The ports of a part: its input nodes are its inputs, its output nodes its outputs. */
export interface Signature {
  readonly inputs: readonly InputPort[];
  readonly outputs: readonly OutputPort[];
}

/** The parameters of each kind whose values name parts. */
export const partFields =
  (catalogue: Catalogue): PartFields =>
  (kind) => {
    const described = kindNamed(catalogue, kind);
    return described ? partParams(described) : [];
  };

export const partParams = (kind: Kind): readonly string[] => kind.ports_of_parts?.parts ?? [];

/** The kind that runs one part, once: it is called as its part is. */
export const PIPELINE_KIND = 'flow.pipeline';

/** What a node is called: by its own title, a sub-pipeline by its part's, else by its kind's. */
export function titleOfNode(
  catalogue: Catalogue,
  { nodes, parts }: Pick<GraphPicture, 'nodes' | 'parts'>,
  id: string,
): string {
  const node = nodes[id];
  if (!node) return id;
  return node.title ?? parts[sharedPart(node) ?? '']?.title ?? kindNamed(catalogue, node.kind)?.title ?? node.kind;
}

/** The part whose title is a node's as well: renaming the one renames the other. */
export function sharedPart(node: NodePicture): string | undefined {
  const name = node.params['part'];
  return node.kind === PIPELINE_KIND && node.title === undefined && typeof name === 'string' ? name : undefined;
}

/** Whether a node runs parts. */
export const isFlow = (kind: Kind | undefined): boolean => kind?.ports_of_parts != null;

/** The parts that a node's parameters name, in their order, none twice; those that aren't there among them. */
export function partsNamedBy(catalogue: Catalogue, node: NodePicture): string[] {
  const kind = kindNamed(catalogue, node.kind);
  const named = kind ? partParams(kind).map((field) => node.params[field]) : [];
  return [...new Set(named.filter((name): name is string => typeof name === 'string' && name !== ''))];
}

/** Parts of a graph that none of its nodes names. */
export function unusedParts(catalogue: Catalogue, { nodes, parts }: GraphPicture): string[] {
  const used = new Set(Object.values(nodes).flatMap((node) => partsNamedBy(catalogue, node)));
  return Object.keys(parts).filter((name) => !used.has(name));
}

export function signatureOf(catalogue: Catalogue, { nodes }: GraphPicture): Signature {
  const inputs: InputPort[] = [];
  const outputs: OutputPort[] = [];
  for (const node of [...Object.values(nodes)].sort(fromTopLeft)) {
    const kind = kindNamed(catalogue, node.kind);
    const name = nameOf(node, kind);
    if (!kind || !name) continue;
    const [made, taken] = [typed(kind, node, kind.outputs)[0], typed(kind, node, kind.inputs)[0]];
    if (kind.family === 'input' && made) inputs.push({ name, type: made.type, required: isRequired(node, kind) });
    if (kind.family === 'output' && taken) outputs.push({ name, type: taken.type, streams: false });
  }
  return { inputs, outputs };
}

/** What an input or output node is called from outside. */
export function nameOf(node: NodePicture, kind: Kind | undefined): string {
  const name = node.params['name'] ?? kind?.params.properties?.['name']?.default;
  return typeof name === 'string' ? name : '';
}

function isRequired(node: NodePicture, kind: Kind): boolean {
  const standard = node.params['default'] ?? kind.params.properties?.['default']?.default;
  return standard === undefined || standard === null || standard === '';
}

const fromTopLeft = (a: NodePicture, b: NodePicture): number => place(a) - place(b);
const place = ({ position: [x, y] = [0, 0] }: NodePicture): number => x + y * 4;

/** The ports that a flow node takes over from its parts, as its kind's rule says. */
export function portsOfParts(
  catalogue: Catalogue,
  node: NodePicture,
  rule: PortsOfParts,
  parts: Parts,
): Omit<Ports, 'error'> {
  const known = partsNamedBy(catalogue, node).flatMap((name) => (parts[name] ? [parts[name]] : []));
  const signatures = known.map((part) => signatureOf(catalogue, part.graph));
  const inputs = union(signatures.flatMap((each) => each.inputs));
  const outputs = union(signatures.flatMap((each) => each.outputs));
  const over = rule.over === null ? null : node.params[rule.over] || (inputs.length === 1 ? inputs[0]?.name : null);
  return {
    inputs: inputs.map((port) => (port.name === over ? { ...asList(port), required: true } : port)),
    outputs: [...(rule.lists ? outputs.map(asList) : outputs), ...rule.adds],
  };
}

const asList = <T extends { type: string }>(port: T): T => ({ ...port, type: `list[${port.type}]`, streams: false });

/** Each name once; an input is required when one of the parts requires it. */
function union<T extends { name: string; required?: boolean }>(ports: readonly T[]): T[] {
  const found = new Map<string, T>();
  for (const port of ports) {
    const first = found.get(port.name);
    if (!first) found.set(port.name, port);
    else if (port.required && !first.required) found.set(port.name, { ...first, required: true });
  }
  return [...found.values()];
}

/** The parameter that says the type of a kind's ports, if it has one. */
export function typeParam(kind: Kind): string | undefined {
  return Object.entries(kind.params.properties ?? {}).find(([, schema]) => schema['x-type-of-ports'])?.[0];
}

/** Ports with the type that the node's own knob says, where they follow one. */
export function typed<T extends { type: string; follows?: string }>(
  kind: Kind,
  node: NodePicture,
  ports: readonly T[],
): readonly T[] {
  if (!ports.some((port) => port.follows)) return ports;
  return ports.map((port) => {
    const fresh = port.follows && kind.params.properties?.[port.follows]?.default;
    const chosen = port.follows && node.params[port.follows];
    if (typeof fresh !== 'string' || typeof chosen !== 'string' || chosen === fresh) return port;
    return { ...port, type: port.type.replace(fresh, chosen) };
  });
}
