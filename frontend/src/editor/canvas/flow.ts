import type { GraphPicture, NodePicture, Picture } from '../document/document';
import { edgeId, endpoint, nodeOf, type Position } from '../document/graph';
import { layeredPositions } from '../document/layout';
import type { Catalogue } from '../types/catalogue';
import { outputPort } from '../types/ports';
import type { FlowNode } from './NodeCard';
import type { Wire } from './WireEdge';

/** Where each node is drawn. A graph that was made without positions is laid out for the eye; nothing is saved by that. */
export function positionsOf(picture: GraphPicture): Record<string, Position> {
  const nodes = Object.values(picture.nodes);
  const drawn = nodes.some((node) => !node.position)
    ? layeredPositions(
        nodes.map((node) => node.id),
        picture.edges,
        {},
      )
    : {};
  return Object.fromEntries(nodes.map((node) => [node.id, node.position ?? drawn[node.id] ?? [0, 0]]));
}

/** The nodes as the canvas wants them; one that didn't change stays the same object, with what was measured of it. */
export function flowNodes(before: readonly FlowNode[], picture: Picture, selected: readonly string[]): FlowNode[] {
  const old = new Map(before.map((node) => [node.id, node]));
  const positions = positionsOf(picture);
  const chosen = new Set(selected);
  return Object.values(picture.nodes).map((node) => {
    const known = old.get(node.id);
    const [x, y] = positions[node.id] as Position;
    const moved = !known || (!known.dragging && (known.position.x !== x || known.position.y !== y));
    const marked = chosen.has(node.id);
    if (known && !moved && known.data.picture === node && (known.selected ?? false) === marked) return known;
    return {
      ...(known ?? { id: node.id, type: 'node' as const }),
      position: moved ? { x, y } : known.position,
      selected: marked,
      data: known?.data.picture === node ? known.data : { picture: node },
    } as FlowNode;
  });
}

export function flowEdges(before: readonly Wire[], picture: Picture, catalogue: Catalogue): Wire[] {
  const old = new Map(before.map((edge) => [edge.id, edge]));
  return picture.edges
    .filter((edge) => picture.nodes[nodeOf(edge.source)] && picture.nodes[nodeOf(edge.target)])
    .map((edge) => {
      const id = edgeId(edge);
      const type = outputPort(catalogue, picture, edge.source)?.type ?? '';
      const known = old.get(id);
      if (known && known.data?.type === type) return known;
      const [[source, sourceHandle], [target, targetHandle]] = [endpoint(edge.source), endpoint(edge.target)];
      return { ...known, id, type: 'wire' as const, source, sourceHandle, target, targetHandle, data: { edge, type } };
    });
}

/** The boxes of nodes as measured on the canvas, in its pixels. */
export function boxesOf(nodes: readonly FlowNode[], ids?: readonly string[]) {
  const wanted = ids && new Set(ids);
  return Object.fromEntries(
    nodes
      .filter((node) => !wanted || wanted.has(node.id))
      .map((node) => [
        node.id,
        {
          at: [node.position.x, node.position.y] as Position,
          width: node.measured?.width ?? 280,
          height: node.measured?.height ?? 160,
        },
      ]),
  );
}

export type { NodePicture };
