import { useReactFlow } from '@xyflow/react';
import { useCallback, useMemo } from 'react';
import { useTranslation } from 'react-i18next';

import { toast } from '@/ui';
import type { Alignment } from '../document/layout';
import { addNode, align, autoLayout } from '../document/operations';
import { resultOf } from '../run/results';
import { useSession, type Session } from '../session';
import { defaultsOf, kindNamed, type Kind } from '../types/catalogue';
import { boxesOf } from './flow';
import type { FlowNode } from './NodeCard';

export const FIT = { padding: 0.16, maxZoom: 1, minZoom: 0.2 };
const CALM = { duration: 160 };

type Screen = { x: number; y: number };

export type CanvasTools = ReturnType<typeof useCanvasTools>;

/** What can be done to the canvas as a whole, from the keyboard, the bars and the drawers. */
export function useCanvasTools(nodesNow: () => FlowNode[], selectedEdges: () => string[]) {
  const session = useSession();
  const { fitView } = useReactFlow();
  const toCanvas = useToCanvas();
  const add = useAdd(nodesNow, toCanvas);
  return useMemo(() => {
    const { document, view } = session;
    const fit = () => void fitView({ ...FIT, ...CALM });
    const quickAddAt = (screen: Screen) =>
      view.setState({ quickAdd: { screen, position: toCanvas(screen), wiring: null } });
    return {
      toCanvas,
      quickAddAt,
      selectedEdges,
      add,
      fit,
      quickAdd: () => quickAddAt(middleOfScreen(-160, -120)),
      middle: () => toCanvas(middleOfScreen(-140, -80)),
      layout: () => {
        autoLayout(document, withRoom(session, boxesOf(nodesNow())));
        setTimeout(fit, 30);
      },
      align: (how: Alignment) => align(document, how, boxesOf(nodesNow(), view.getState().selected)),
      show: (ids: readonly string[]) => {
        view.setState({ selected: ids });
        void fitView({ nodes: ids.map((id) => ({ id })), ...CALM, maxZoom: 1, padding: 0.6 });
      },
    };
  }, [session, fitView, toCanvas, add, nodesNow, selectedEdges]);
}

function useToCanvas(): (screen: Screen) => [number, number] {
  const { screenToFlowPosition } = useReactFlow();
  return useCallback(
    (screen) => {
      const { x, y } = screenToFlowPosition(screen);
      return [x, y];
    },
    [screenToFlowPosition],
  );
}

/** Adds a kind in the middle of what is seen, beside what stands there. */
function useAdd(nodesNow: () => FlowNode[], toCanvas: (screen: Screen) => [number, number]): (kind: Kind) => void {
  const { t } = useTranslation('editor');
  const { document, view } = useSession();
  return useCallback(
    (kind) => {
      const position = freeSpot(toCanvas(middleOfScreen(-140, -80)), nodesNow());
      const id = addNode(document, { kind: kind.kind, named: kind.title, position, params: defaultsOf(kind) });
      view.setState({ selected: [id] });
      toast({ title: t('palette.added', { title: kind.title }), duration: 1500 });
    },
    [document, view, t, toCanvas, nodesNow],
  );
}

/** The middle of the canvas on the screen, a little high, shifted by so many pixels. */
function middleOfScreen(right: number, down: number): Screen {
  const box = window.document.querySelector('.react-flow')?.getBoundingClientRect();
  const middle = { x: (box?.left ?? 0) + (box?.width ?? 800) / 2, y: (box?.top ?? 0) + (box?.height ?? 600) / 2.6 };
  return { x: middle.x + right, y: middle.y + down };
}

const RESULT_HEIGHT = 112;

/** A node without a result yet will be taller once it has one. */
function withRoom(
  { document, catalogue, runs }: Session,
  boxes: ReturnType<typeof boxesOf>,
): ReturnType<typeof boxesOf> {
  const { run } = runs.getState();
  const grows = (id: string) => {
    const node = document.picture.nodes[id];
    return (
      node !== undefined && kindNamed(catalogue, node.kind)?.family !== 'input' && !resultOf(run, document.picture, id)
    );
  };
  return Object.fromEntries(
    Object.entries(boxes).map(([id, box]) => [id, grows(id) ? { ...box, height: box.height + RESULT_HEIGHT } : box]),
  );
}

/** Somewhere near that no node covers. */
function freeSpot(
  [x, y]: [number, number],
  nodes: readonly { position: { x: number; y: number } }[],
): [number, number] {
  const taken = (at: number, down: number) =>
    nodes.some((node) => Math.abs(node.position.x - at) < 24 && Math.abs(node.position.y - down) < 24);
  let step = 0;
  while (taken(x + step * 32, y + step * 32)) step += 1;
  return [x + step * 32, y + step * 32];
}
