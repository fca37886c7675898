import { applyEdgeChanges, applyNodeChanges, type EdgeChange, type NodeChange } from '@xyflow/react';
import { useCallback, useEffect, useRef, useState } from 'react';

import type { Position } from '../document/graph';
import { moveNodes } from '../document/operations';
import { usePicture, useSession, useTrail, useView } from '../session';
import { flowEdges, flowNodes } from './flow';
import type { FlowNode } from './NodeCard';
import type { Wire } from './WireEdge';

/** Keeps what the canvas draws in step with the document, and brings moves back to it when they are done. */
export function useFlow() {
  const { catalogue } = useSession();
  const picture = usePicture((each) => each);
  const selected = useView((state) => state.selected);
  const [nodes, setNodes] = useState<FlowNode[]>(() => flowNodes([], picture, selected));
  const [edges, setEdges] = useState<Wire[]>(() => flowEdges([], picture, catalogue));
  const trail = useTrail();
  const [drawn, setDrawn] = useState({ picture, selected, trail });
  // The document or the selection changed elsewhere: the same drawing is made of it before anything is shown.
  if (drawn.picture !== picture || drawn.selected !== selected) {
    // Another graph may call its nodes the same: nothing that was measured of the old ones holds for them.
    const same = drawn.trail === trail;
    setDrawn({ picture, selected, trail });
    setNodes(flowNodes(same ? nodes : [], picture, selected));
    setEdges(flowEdges(same ? edges : [], picture, catalogue));
  }
  const latest = useRef({ nodes, edges });
  useEffect(() => {
    latest.current = { nodes, edges };
  }, [nodes, edges]);

  const applied = useCallback((changes: NodeChange<FlowNode>[]) => {
    const next = applyNodeChanges(changes, latest.current.nodes);
    latest.current.nodes = next;
    setNodes(next);
    return next;
  }, []);
  const onNodesChange = useNodeChanges(applied);
  const onEdgesChange = useCallback((changes: EdgeChange<Wire>[]) => {
    setEdges((before) =>
      applyEdgeChanges(
        changes.filter((change) => change.type !== 'remove'),
        before,
      ),
    );
  }, []);

  const nodesNow = useCallback(() => latest.current.nodes, []);
  const selectedEdgesNow = useCallback(
    () => latest.current.edges.filter((edge) => edge.selected).map((edge) => edge.id),
    [],
  );
  return { nodes, edges, onNodesChange, onEdgesChange, nodesNow, selectedEdgesNow };
}

/** What the pointer and the arrow keys do to nodes: drawn at once, brought to the document when it is done. */
function useNodeChanges(applied: (changes: NodeChange<FlowNode>[]) => FlowNode[]) {
  const { document, view, mayEdit } = useSession();
  return useCallback(
    (changes: NodeChange<FlowNode>[]) => {
      const own = changes.filter((change) => change.type !== 'remove');
      const next = applied(own);
      if (own.some((change) => change.type === 'select')) {
        view.setState({ selected: next.filter((node) => node.selected).map((node) => node.id) });
      }
      const moved = movesIn(own);
      const together = `move:${moved.map(([id]) => id).join()}`;
      if (mayEdit && moved.length > 0) moveNodes(document, Object.fromEntries(moved), together);
    },
    [applied, document, view, mayEdit],
  );
}

/** The moves that are over. */
const movesIn = (changes: readonly NodeChange<FlowNode>[]): [string, Position][] =>
  changes.flatMap((change): [string, Position][] => {
    if (change.type !== 'position' || change.dragging !== false || !change.position) return [];
    return [[change.id, [change.position.x, change.position.y]]];
  });
