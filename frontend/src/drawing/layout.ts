/** Where everything of a graph lies in its small picture. Pure numbers, in the canvas's own pixels. */
import { endpoint, type Graph, type GraphNode } from '@/editor/document/graph';
import { layeredPositions } from '@/editor/document/layout';
import { kindNamed, type Catalogue } from '@/editor/types/catalogue';

export interface DrawnPort {
  name: string;
  y: number;
  type: string | undefined;
}

export interface DrawnNode {
  id: string;
  title: string;
  x: number;
  y: number;
  width: number;
  height: number;
  inputs: DrawnPort[];
  outputs: DrawnPort[];
}

export interface Wire {
  id: string;
  path: string;
  type: string | undefined;
}

export interface Drawing {
  nodes: DrawnNode[];
  wires: Wire[];
  /** x, y, width, height of what is drawn, with air around it. */
  box: [number, number, number, number];
}

export interface Frame {
  /** Width by height that the picture is shown at; a long row of nodes is pressed together until it fits. */
  aspect: number;
  /** Room for a node's title, in pixels of the canvas. */
  header: number;
  /** The least share of its width that a node keeps. */
  narrowest: number;
}

export const THUMBNAIL: Frame = { aspect: 1.9, header: 44, narrowest: 0.36 };
export const DETAILED: Frame = { aspect: 2.5, header: 76, narrowest: 0.52 };

const WIDTH = 280;
const ROW = 30;
const AIR = 44;
/** A graph of two nodes is not blown up: the picture never shows less than this. */
const LEAST: [number, number] = [760, 340];

/** A picture of any graph, also of one that is broken: what cannot be placed is left out, nothing throws. */
export function drawingOf(graph: Graph, catalogue?: Catalogue, frame: Frame = THUMBNAIL): Drawing {
  const sources = Object.entries(graph.nodes ?? {}).filter(([, node]) => typeof node === 'object' && node !== null);
  const edges = (graph.edges ?? []).filter((edge) => knows(graph, edge.source) && knows(graph, edge.target));
  const typeOf = (reference: string) => outputType(graph, reference, catalogue);
  const nodes = sources.map(([id, node]) => sized(id, node, edges, typeOf, frame.header, catalogue));
  place(nodes, graph, edges);
  press(nodes, frame);
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const wires = edges.map((edge) => wire(edge, byId, typeOf)).filter((found) => found !== null);
  return { nodes, wires, box: boxAround(nodes) };
}

const knows = (graph: Graph, reference: unknown): boolean =>
  typeof reference === 'string' && Boolean(graph.nodes?.[endpoint(reference)[0]]);

function outputType(graph: Graph, reference: string, catalogue?: Catalogue): string | undefined {
  const [id, port] = endpoint(reference);
  const kind = catalogue && kindNamed(catalogue, graph.nodes[id]?.kind ?? '');
  return kind?.outputs.find((output) => output.name === port)?.type;
}

/** Only wired ports are drawn: the picture shows how things hang together, not all they could do. */
function sized(
  id: string,
  node: GraphNode,
  edges: Graph['edges'],
  typeOf: (reference: string) => string | undefined,
  header: number,
  catalogue?: Catalogue,
): DrawnNode {
  const into = edges.filter((edge) => endpoint(edge.target)[0] === id);
  const from = edges.filter((edge) => endpoint(edge.source)[0] === id);
  const inputs = unique(into.map((edge) => endpoint(edge.target)[1]));
  const outputs = unique(from.map((edge) => endpoint(edge.source)[1]));
  const incoming = (name: string) => into.find((edge) => edge.target === `${id}.${name}`)?.source ?? '';
  const y = (row: number) => header + ROW * (row + 0.5);
  return {
    id,
    title: node.title || (catalogue && kindNamed(catalogue, node.kind)?.title) || node.kind || id,
    x: 0,
    y: 0,
    width: WIDTH,
    height: header + ROW * Math.max(1, inputs.length, outputs.length) + 14,
    inputs: inputs.map((name, row) => ({ name, y: y(row), type: typeOf(incoming(name)) })),
    outputs: outputs.map((name, row) => ({ name, y: y(row), type: typeOf(`${id}.${name}`) })),
  };
}

const unique = (names: string[]): string[] => [...new Set(names)];

function place(nodes: DrawnNode[], graph: Graph, edges: Graph['edges']): void {
  const given = (node: DrawnNode) => graph.nodes[node.id]?.position;
  const whole = nodes.every((node) => isPosition(given(node)));
  const sizes = Object.fromEntries(nodes.map(({ id, width, height }) => [id, { width, height }]));
  const laid = whole ? {} : layeredPositions(nodes.map((node) => node.id), edges, sizes);
  for (const node of nodes) [node.x, node.y] = (whole ? given(node) : laid[node.id]) ?? [0, 0];
}

/** Narrower nodes, nearer to each other, the same in height: a row of nine would else be a thin line. */
function press(nodes: DrawnNode[], { aspect, narrowest }: Frame): void {
  if (nodes.length === 0) return;
  const width = Math.max(...nodes.map((node) => node.x + WIDTH)) - Math.min(...nodes.map((node) => node.x));
  const height = Math.max(...nodes.map((node) => node.y + node.height)) - Math.min(...nodes.map((node) => node.y));
  const room = aspect * Math.max(height + 2 * AIR, LEAST[1]) - 2 * AIR;
  const share = Math.min(1, Math.max(narrowest, room / width));
  for (const node of nodes) {
    node.x *= share;
    node.width *= share;
  }
}

const isPosition = (at: unknown): boolean => Array.isArray(at) && at.length === 2 && at.every(Number.isFinite);

function wire(edge: Graph['edges'][number], nodes: Map<string, DrawnNode>, typeOf: (reference: string) => string | undefined): Wire | null {
  const [from, output] = endpoint(edge.source);
  const [into, input] = endpoint(edge.target);
  const source = nodes.get(from);
  const target = nodes.get(into);
  const start = source?.outputs.find((port) => port.name === output);
  const end = target?.inputs.find((port) => port.name === input);
  if (!source || !target || !start || !end) return null;
  const [x1, y1] = [source.x + source.width, source.y + start.y];
  const [x2, y2] = [target.x, target.y + end.y];
  const reach = Math.max(24, Math.abs(x2 - x1) / 2);
  const path = `M${x1} ${y1}C${x1 + reach} ${y1} ${x2 - reach} ${y2} ${x2} ${y2}`;
  return { id: `${edge.source}>${edge.target}`, path, type: typeOf(edge.source) };
}

function boxAround(nodes: DrawnNode[]): Drawing['box'] {
  if (nodes.length === 0) return [0, 0, ...LEAST];
  const left = Math.min(...nodes.map((node) => node.x)) - AIR;
  const top = Math.min(...nodes.map((node) => node.y)) - AIR;
  const right = Math.max(...nodes.map((node) => node.x + node.width)) + AIR;
  const bottom = Math.max(...nodes.map((node) => node.y + node.height)) + AIR;
  const width = Math.max(right - left, LEAST[0]);
  const height = Math.max(bottom - top, LEAST[1]);
  return [(left + right - width) / 2, (top + bottom - height) / 2, width, height];
}
