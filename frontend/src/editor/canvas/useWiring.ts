import type { Connection, FinalConnectionState, OnConnectStartParams } from '@xyflow/react';
import { useReactFlow } from '@xyflow/react';
import { useMemo, useRef } from 'react';

import type { PipelineDocument } from '../document/document';
import { edgeId, type Edge } from '../document/graph';
import { connect, disconnect, reconnect } from '../document/operations';
import type { Wiring } from '../page/view';
import { useSession, type Session } from '../session';
import { inputPort, outputPort, portsOf, tuningFor, whyNot } from '../types/ports';
import type { Wire } from './WireEdge';

interface Ends {
  source: string;
  sourceHandle?: string | null;
  target: string;
  targetHandle?: string | null;
}

const edgeFrom = (ends: Ends): Edge => ({
  source: `${ends.source}.${ends.sourceHandle}`,
  target: `${ends.target}.${ends.targetHandle}`,
});

/** Drawing, moving and letting go of wires. */
export function useWiring() {
  const session = useSession();
  const { screenToFlowPosition } = useReactFlow();
  const moving = useRef<Wire | null>(null);
  return useMemo(() => {
    const { catalogue, document, view } = session;
    return {
      isValidConnection: (ends: Ends) =>
        whyNot(catalogue, withoutMoved(document, moving.current), edgeFrom(ends)) === null,
      onConnect: (ends: Connection) => connectAs(session, edgeFrom(ends)),
      onConnectStart: (_: unknown, held: OnConnectStartParams) =>
        view.setState({ wiring: wiringFrom(session, held), refusal: null, quickAdd: null }),
      onConnectEnd: (event: MouseEvent | TouchEvent, state: FinalConnectionState) => {
        const { wiring } = view.getState();
        view.setState({ wiring: null });
        if (!wiring || moving.current || state.isValid) return;
        letGo(session, wiring, pointOf(event), state, screenToFlowPosition);
      },
      onReconnectStart: (_: unknown, edge: Wire) => void (moving.current = edge),
      onReconnect: (old: Wire, ends: Connection) => {
        moving.current = null;
        const edge = edgeFrom(ends);
        const without = {
          ...document.picture,
          edges: document.picture.edges.filter((each) => edgeId(each) !== old.id),
        };
        reconnect(document, old.id, edge, tuningFor(catalogue, without, edge));
      },
      onReconnectEnd: (_: unknown, edge: Wire, __: unknown, state: FinalConnectionState) => {
        // Pulled off its port and dropped on nothing: the wire is cut.
        if (moving.current && !state.toHandle) disconnect(document, [edge.id]);
        moving.current = null;
        view.setState({ wiring: null });
      },
    };
  }, [session, screenToFlowPosition]);
}

/** Draws a wire; a node that takes any type becomes one for what the wire carries. */
function connectAs({ document, catalogue }: Session, edge: Edge): void {
  connect(document, edge, tuningFor(catalogue, document.picture, edge));
}

function withoutMoved({ picture }: PipelineDocument, moved: Wire | null) {
  return moved ? { ...picture, edges: picture.edges.filter((edge) => edgeId(edge) !== moved.id) } : picture;
}

function wiringFrom(
  { catalogue, document }: Session,
  { nodeId, handleId, handleType }: OnConnectStartParams,
): Wiring | null {
  const reference = `${nodeId}.${handleId}`;
  const find = handleType === 'source' ? outputPort : inputPort;
  const port = find(catalogue, document.picture, reference);
  return port ? { end: handleType === 'source' ? 'from' : 'into', reference, type: port.type } : null;
}

/** A wire let go of where no port takes it: on a node it finds its port, on nothing it asks for a node. */
function letGo(
  session: Session,
  wiring: Wiring,
  point: { x: number; y: number },
  state: FinalConnectionState,
  toCanvas: (at: { x: number; y: number }) => { x: number; y: number },
): void {
  const { document, catalogue, view } = session;
  if (state.toHandle) {
    const end = `${state.toHandle.nodeId}.${state.toHandle.id}`;
    const sameSide = (state.toHandle.type === 'source') === (wiring.end === 'from');
    const edge =
      wiring.end === 'from' ? { source: wiring.reference, target: end } : { source: end, target: wiring.reference };
    return view.setState({ refusal: sameSide ? { code: 'sameSide' } : whyNot(catalogue, document.picture, edge) });
  }
  const node = window.document.elementFromPoint(point.x, point.y)?.closest<HTMLElement>('.react-flow__node')?.dataset[
    'id'
  ];
  if (node) return wireToNode(session, wiring, node);
  const { x, y } = toCanvas(point);
  view.setState({ quickAdd: { screen: point, position: [x, y], wiring } });
}

/** Wires to the first port of a node that fits, free ones first; says why not when none does. */
function wireToNode(session: Session, wiring: Wiring, node: string): void {
  const { document, catalogue, view } = session;
  const { picture } = document;
  const ports = portsOf(catalogue, picture.nodes[node], picture.parts);
  const ends = (wiring.end === 'from' ? ports.inputs : ports.outputs).map((port) => `${node}.${port.name}`);
  const edges = ends.map((end): Edge =>
    wiring.end === 'from' ? { source: wiring.reference, target: end } : { source: end, target: wiring.reference },
  );
  const fitting = edges.filter((edge) => whyNot(catalogue, picture, edge) === null);
  const free = fitting.find((edge) => !picture.edges.some((each) => each.target === edge.target));
  const best = free ?? fitting[0];
  if (best) return connectAs(session, best);
  view.setState({ refusal: edges[0] ? whyNot(catalogue, picture, edges[0]) : { code: 'sameSide' } });
}

function pointOf(event: MouseEvent | TouchEvent): { x: number; y: number } {
  const at = 'changedTouches' in event ? event.changedTouches[0] : event;
  return { x: at?.clientX ?? 0, y: at?.clientY ?? 0 };
}
