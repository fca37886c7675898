import '@xyflow/react/dist/base.css';

import { Background, BackgroundVariant, ConnectionLineType, ReactFlow, SelectionMode } from '@xyflow/react';
import { useEffect, useMemo, useRef } from 'react';
import { useTranslation } from 'react-i18next';

import { typeColour } from '@/ui';
import { Breadcrumb } from '../parts/Breadcrumb';
import { openFirstPart } from '../parts/opening';
import { useRunning } from '../run/RunningContext';
import { usePicture, useSession, useTrail, useView, type Session } from '../session';
import { EmptyCanvas } from './EmptyCanvas';
import { NodeCard } from './NodeCard';
import { QuickAdd } from './QuickAdd';
import { Toolbar } from './Toolbar';
import { FIT, useCanvasTools, type CanvasTools } from './tools';
import { useDrop } from './useDrop';
import { useFlow } from './useFlow';
import { useKeys, type CanvasActions } from './useKeys';
import { useWiring } from './useWiring';
import { WireEdge } from './WireEdge';
import { WiringHint } from './WiringHint';
import styles from './canvas.module.css';

const LARGE = 150;

/** What never changes while a canvas is open; xyflow starts anew when one of these is another object. */
const BEHAVIOUR = {
  nodeTypes: { node: NodeCard },
  edgeTypes: { wire: WireEdge },
  connectionLineType: ConnectionLineType.Bezier,
  connectionRadius: 26,
  deleteKeyCode: null,
  selectionKeyCode: 'Shift',
  multiSelectionKeyCode: ['Meta', 'Control'],
  selectionMode: SelectionMode.Partial,
  zoomOnDoubleClick: false,
  snapToGrid: true,
  snapGrid: [8, 8] as [number, number],
  minZoom: 0.1,
  maxZoom: 2,
  fitView: true,
  fitViewOptions: FIT,
};

const permitted = (editable: boolean, still: boolean) => ({
  nodesDraggable: editable,
  nodesConnectable: editable,
  edgesReconnectable: editable,
  edgesFocusable: editable,
  elementsSelectable: !still,
  nodesFocusable: !still,
  // A drawing within a page leaves the wheel to the page; two fingers and the buttons still bring it nearer.
  zoomOnScroll: !still,
  preventScrolling: !still,
});

/** The drawing of the pipeline. `still` shows it without any way to change it. */
export function Canvas({ still = false, bind }: { still?: boolean; bind?: (tools: CanvasTools) => void }) {
  const { mayEdit } = useSession();
  const editable = mayEdit && !still;
  const flow = useFlow();
  const tools = useCanvasTools(flow.nodesNow, flow.selectedEdgesNow);
  const drop = useDrop(tools.toCanvas);
  const empty = usePicture((picture) => Object.keys(picture.nodes).length === 0);
  const held = useView((state) => state.wiring?.type);
  const trail = useTrail();
  useEffect(() => void bind?.(tools), [bind, tools]);
  useRoomForDrawer(tools.fit);
  return (
    <div
      className={styles.canvas}
      data-testid="canvas"
      data-dropping={drop.over || undefined}
      style={held ? ({ '--held': typeColour(held) } as React.CSSProperties) : undefined}
      {...(editable ? drop.handlers : {})}
      onDoubleClick={(event) =>
        editable && isPane(event.target) && tools.quickAddAt({ x: event.clientX, y: event.clientY })
      }
    >
      <Drawing
        key={trail.map(({ part }) => part).join('/')}
        flow={flow}
        tools={tools}
        editable={editable}
        still={still}
      />
      {empty && editable && trail.length === 0 && <EmptyCanvas onAdd={() => tools.quickAdd()} onFile={drop.give} />}
      {drop.over && <p className={styles.dropHint}>{drop.over}</p>}
      {editable && <QuickAdd />}
      {!still && <Keys tools={tools} />}
    </div>
  );
}

interface DrawingProps {
  flow: ReturnType<typeof useFlow>;
  tools: CanvasTools;
  editable: boolean;
  still: boolean;
}

function Drawing({ flow, tools, editable, still }: DrawingProps) {
  const { t } = useTranslation('editor');
  const session = useSession();
  const { view } = session;
  const wiring = useWiring();
  return (
    <ReactFlow
      aria-label={t('canvas.label')}
      nodes={flow.nodes}
      edges={flow.edges}
      onNodesChange={flow.onNodesChange}
      onEdgesChange={flow.onEdgesChange}
      {...(editable ? wiring : {})}
      {...BEHAVIOUR}
      {...permitted(editable, still)}
      onlyRenderVisibleElements={flow.nodes.length > LARGE}
      onNodeClick={(event, node) => !(event.ctrlKey || event.metaKey || event.shiftKey) && chooseOnly(view, node.id)}
      onNodeDoubleClick={(event, node) => !isControl(event.target) && openFirstPart(session, node.id)}
      onPaneClick={() => view.setState({ selected: [], quickAdd: null })}
    >
      <Background variant={BackgroundVariant.Dots} gap={24} size={1.4} color="var(--canvas-dot)" />
      <Toolbar tools={tools} editable={editable} />
      <Breadcrumb editable={editable} />
      <WiringHint />
    </ReactFlow>
  );
}

/** The drawer takes room from the canvas when it opens: what was seen is brought into what is left. */
function useRoomForDrawer(fit: () => void): void {
  const drawer = useView((state) => state.drawer);
  const before = useRef(drawer);
  useEffect(() => {
    if (drawer === before.current) return;
    before.current = drawer;
    const timer = setTimeout(fit, 60);
    return () => clearTimeout(timer);
  }, [drawer, fit]);
}

/** A press on one of several selected nodes means that one. */
function chooseOnly(view: Session['view'], id: string): void {
  if (view.getState().selected.length > 1) view.setState({ selected: [id] });
}

const isPane = (target: EventTarget): boolean =>
  target instanceof Element && target.classList.contains('react-flow__pane');

const isControl = (target: EventTarget): boolean =>
  target instanceof Element && target.closest('input, textarea, button, select, .nodrag') !== null;

/** A part of its own, so that a run's coming and going doesn't draw the canvas again. */
function Keys({ tools }: { tools: CanvasTools }) {
  const { start, running } = useRunning();
  const actions = useMemo<CanvasActions>(() => ({ ...tools, run: () => !running && start() }), [tools, start, running]);
  useKeys(actions);
  return null;
}
