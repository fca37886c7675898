import '@xyflow/react/dist/base.css';

import { Background, BackgroundVariant, ConnectionLineType, ReactFlow, SelectionMode, useReactFlow } from '@xyflow/react';
import { useCallback, useEffect, useMemo, useRef } from 'react';
import { useTranslation } from 'react-i18next';

import { toast, typeColour } from '@/ui';
import { addNode, align, autoLayout } from '../document/operations';
import type { Alignment } from '../document/layout';
import { useRunning } from '../run/RunningContext';
import { resultOf } from '../run/results';
import { usePicture, useSession, useView, type Session } from '../session';
import { defaultsOf, kindNamed, type Kind } from '../types/catalogue';
import { EmptyCanvas } from './EmptyCanvas';
import { boxesOf } from './flow';
import { NodeCard } from './NodeCard';
import { QuickAdd } from './QuickAdd';
import { Toolbar } from './Toolbar';
import { useDrop } from './useDrop';
import { useFlow } from './useFlow';
import { useKeys, type CanvasActions } from './useKeys';
import { useWiring } from './useWiring';
import { WireEdge } from './WireEdge';
import { WiringHint } from './WiringHint';
import styles from './canvas.module.css';

const NODE_TYPES = { node: NodeCard };
const EDGE_TYPES = { wire: WireEdge };
const FIT = { padding: 0.16, maxZoom: 1, minZoom: 0.2 };
const LARGE = 150;

/** The drawing of the pipeline. `still` shows it without any way to change it. */
export function Canvas({ still = false, bind }: { still?: boolean; bind?: (tools: CanvasTools) => void }) {
  const { t } = useTranslation('editor');
  const { mayEdit, view } = useSession();
  const editable = mayEdit && !still;
  const flow = useFlow();
  const tools = useCanvasTools(flow.nodesNow, flow.selectedEdgesNow);
  const wiring = useWiring();
  const drop = useDrop(tools.toCanvas);
  const empty = usePicture((picture) => Object.keys(picture.nodes).length === 0);
  const label = t('canvas.label');
  const held = useView((state) => state.wiring?.type);
  useEffect(() => bind?.(tools), [bind, tools]);
  useRoomForDrawer(tools.fit);
  return (
    <div
      className={styles.canvas}
      data-testid="canvas"
      data-dropping={drop.over || undefined}
      style={held ? ({ '--held': typeColour(held) } as React.CSSProperties) : undefined}
      {...(editable ? drop.handlers : {})}
      onDoubleClick={(event) => editable && isPane(event.target) && tools.quickAddAt({ x: event.clientX, y: event.clientY })}
    >
      <ReactFlow
        aria-label={label}
        nodes={flow.nodes}
        edges={flow.edges}
        nodeTypes={NODE_TYPES}
        edgeTypes={EDGE_TYPES}
        onNodesChange={flow.onNodesChange}
        onEdgesChange={flow.onEdgesChange}
        {...(editable ? wiring : {})}
        connectionLineType={ConnectionLineType.Bezier}
        connectionRadius={26}
        nodesDraggable={editable}
        nodesConnectable={editable}
        edgesReconnectable={editable}
        elementsSelectable={!still}
        nodesFocusable={!still}
        edgesFocusable={editable}
        deleteKeyCode={null}
        selectionKeyCode="Shift"
        multiSelectionKeyCode={['Meta', 'Control']}
        selectionMode={SelectionMode.Partial}
        zoomOnDoubleClick={false}
        snapToGrid
        snapGrid={SNAP}
        minZoom={0.1}
        maxZoom={2}
        fitView
        fitViewOptions={FIT}
        onlyRenderVisibleElements={flow.nodes.length > LARGE}
        onNodeClick={(event, node) => !(event.ctrlKey || event.metaKey || event.shiftKey) && chooseOnly(view, node.id)}
        onPaneClick={() => view.setState({ selected: [], quickAdd: null })}
      >
        <Background variant={BackgroundVariant.Dots} gap={24} size={1.4} color="var(--canvas-dot)" />
        <Toolbar tools={tools} editable={editable} />
        <WiringHint />
      </ReactFlow>
      {empty && editable && <EmptyCanvas onAdd={() => tools.quickAdd()} onFile={drop.give} />}
      {drop.over && <p className={styles.dropHint}>{drop.over}</p>}
      {editable && <QuickAdd />}
      {!still && <Keys tools={tools} />}
    </div>
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

const SNAP: [number, number] = [8, 8];
const isPane = (target: EventTarget): boolean => target instanceof Element && target.classList.contains('react-flow__pane');

/** A part of its own, so that a run's coming and going doesn't draw the canvas again. */
function Keys({ tools }: { tools: CanvasTools }) {
  const { start, running } = useRunning();
  const actions = useMemo<CanvasActions>(() => ({ ...tools, run: () => !running && start() }), [tools, start, running]);
  useKeys(actions);
  return null;
}

export type CanvasTools = ReturnType<typeof useCanvasTools>;

/** What can be done to the canvas as a whole, from the keyboard, the bars and the drawers. */
function useCanvasTools(nodesNow: ReturnType<typeof useFlow>['nodesNow'], selectedEdges: () => string[]) {
  const { t } = useTranslation('editor');
  const session = useSession();
  const { document, view } = session;
  const { fitView, screenToFlowPosition } = useReactFlow();
  const toCanvas = useCallback((screen: { x: number; y: number }): [number, number] => {
    const { x, y } = screenToFlowPosition(screen);
    return [x, y];
  }, [screenToFlowPosition]);
  return useMemo(() => {
    const centre = () => {
      const box = window.document.querySelector('.react-flow')?.getBoundingClientRect();
      return { x: (box?.left ?? 0) + (box?.width ?? 800) / 2, y: (box?.top ?? 0) + (box?.height ?? 600) / 2.6 };
    };
    const quickAddAt = (screen: { x: number; y: number }) => view.setState({ quickAdd: { screen, position: toCanvas(screen), wiring: null } });
    return {
      toCanvas,
      quickAddAt,
      selectedEdges,
      quickAdd: () => quickAddAt({ x: centre().x - 160, y: centre().y - 120 }),
      middle: () => toCanvas({ x: centre().x - 140, y: centre().y - 80 }),
      fit: () => void fitView({ ...FIT, duration: 160 }),
      layout: () => {
        autoLayout(document, withRoom(session, boxesOf(nodesNow())));
        setTimeout(() => void fitView({ ...FIT, duration: 160 }), 30);
      },
      align: (how: Alignment) => align(document, how, boxesOf(nodesNow(), view.getState().selected)),
      show: (ids: readonly string[]) => {
        view.setState({ selected: ids });
        void fitView({ nodes: ids.map((id) => ({ id })), duration: 160, maxZoom: 1, padding: 0.6 });
      },
      add: (kind: Kind) => {
        const position = freeSpot(toCanvas({ x: centre().x - 140, y: centre().y - 80 }), nodesNow());
        const id = addNode(document, { kind: kind.kind, named: kind.title, position, params: defaultsOf(kind) });
        view.setState({ selected: [id] });
        toast({ title: t('palette.added', { title: kind.title }), duration: 1500 });
      },
    };
  }, [session, document, view, fitView, toCanvas, nodesNow, selectedEdges, t]);
}

const RESULT_HEIGHT = 112;

/** A node without a result yet will be taller once it has one. */
function withRoom({ document, catalogue, runs }: Session, boxes: ReturnType<typeof boxesOf>): ReturnType<typeof boxesOf> {
  const { run } = runs.getState();
  const grows = (id: string) => {
    const node = document.picture.nodes[id];
    return node !== undefined && kindNamed(catalogue, node.kind)?.family !== 'input' && !resultOf(run, document.picture, id);
  };
  return Object.fromEntries(Object.entries(boxes).map(([id, box]) => [id, grows(id) ? { ...box, height: box.height + RESULT_HEIGHT } : box]));
}

/** Somewhere near that no node covers. */
function freeSpot([x, y]: [number, number], nodes: readonly { position: { x: number; y: number } }[]): [number, number] {
  const taken = (at: number, down: number) => nodes.some((node) => Math.abs(node.position.x - at) < 24 && Math.abs(node.position.y - down) < 24);
  let step = 0;
  while (taken(x + step * 32, y + step * 32)) step += 1;
  return [x + step * 32, y + step * 32];
}
