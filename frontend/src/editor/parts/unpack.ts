import { fragmentOf } from '../document/clipboard';
import type { PipelineDocument } from '../document/document';
import { edgeId, endpoint, nodeOf, portOf, type Position } from '../document/graph';
import { putFragment } from '../document/operations';
import type { GraphPicture } from '../document/picture';
import { kindNamed, type Catalogue } from '../types/catalogue';
import { nameOf, partFields, partsNamedBy, PIPELINE_KIND } from '../types/parts';
import { centreOf } from './turn';

/** Puts the nodes of a sub-pipeline's part in the place of the node that runs it; returns their ids, or nothing for other nodes. */
export function unpack(document: PipelineDocument, catalogue: Catalogue, id: string): string[] {
  const { picture } = document;
  const node = picture.nodes[id];
  const [name] = node ? partsNamedBy(catalogue, node) : [];
  const part = name === undefined ? undefined : picture.parts[name];
  if (node?.kind !== PIPELINE_KIND || name === undefined || !part) return [];
  const ends = endsOf(catalogue, part.graph);
  const inner = Object.keys(part.graph.nodes).filter((each) => !ends.inputs.has(each) && !ends.outputs.has(each));
  const fragment = fragmentOf(part.graph, inner);
  const others = Object.values(picture.nodes).some(
    (each) => each.id !== id && partsNamedBy(catalogue, each).includes(name),
  );
  let ids: string[] = [];
  document.perform({ name: 'unpack', subject: node.title ?? part.title ?? name }, () => {
    const at = node.position ?? [0, 0];
    ids =
      inner.length > 0
        ? putFragment(document, fragment, cornerAround(part.graph, inner, at), partFields(catalogue), true)
        : [];
    const renamed = new Map(inner.map((each, index) => [each, ids[index] as string]));
    rewire(document, part.graph, id, ends, renamed);
    document.nodes.delete(id);
    if (!others) document.parts.delete(name);
  });
  return ids;
}

/** The top left corner that puts the middle of these nodes where the one node stood. */
function cornerAround(graph: GraphPicture, ids: readonly string[], at: Position): Position {
  const places = ids.map((id) => graph.nodes[id]?.position ?? ([0, 0] as const));
  const [x, y] = centreOf(graph, ids);
  return [at[0] - x + Math.min(...places.map(([left]) => left)), at[1] - y + Math.min(...places.map(([, top]) => top))];
}

interface Ends {
  /** The names by which input and output nodes of a part are known outside, by their ids. */
  inputs: ReadonlyMap<string, string>;
  outputs: ReadonlyMap<string, string>;
}

function endsOf(catalogue: Catalogue, graph: GraphPicture): Ends {
  const named = (family: string) =>
    new Map(
      Object.values(graph.nodes)
        .filter((node) => kindNamed(catalogue, node.kind)?.family === family)
        .map((node) => [node.id, nameOf(node, kindNamed(catalogue, node.kind))]),
    );
  return { inputs: named('input'), outputs: named('output') };
}

/** Wires that went to and from the node go to and from what stood behind its ports. */
function rewire(
  document: PipelineDocument,
  graph: GraphPicture,
  id: string,
  ends: Ends,
  renamed: ReadonlyMap<string, string>,
): void {
  const outer = [...document.edges.values()].filter((edge) => nodeOf(edge.source) === id || nodeOf(edge.target) === id);
  for (const edge of outer) document.edges.delete(edgeId(edge));
  const given = new Map(
    outer.filter((edge) => nodeOf(edge.target) === id).map((edge) => [portOf(edge.target), edge.source]),
  );
  /** Where a value inside comes from, seen from outside. */
  const origin = (reference: string): string | undefined => {
    const [node, port] = endpoint(reference);
    const name = ends.inputs.get(node);
    return name === undefined ? `${renamed.get(node)}.${port}` : given.get(name);
  };
  for (const edge of graph.edges) {
    const source = origin(edge.source);
    const [node, port] = endpoint(edge.target);
    const name = ends.outputs.get(node);
    const targets =
      name === undefined
        ? [`${renamed.get(node)}.${port}`]
        : outer.filter((each) => each.source === `${id}.${name}`).map((each) => each.target);
    if (source !== undefined) for (const target of targets) document.putEdge({ source, target });
  }
}
