import { useReactFlow } from '@xyflow/react';
import { useCallback, useMemo } from 'react';
import { useTranslation } from 'react-i18next';

import { toast } from '@/ui';
import type { Alignment } from '../document/layout';
import { addNode, align, autoLayout } from '../document/operations';
import { showStep } from '../parts/opening';
import { useTurning } from '../parts/useTurning';
import { placeOf } from '../run/paths';
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
  const turning = useTurning();
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
      ...turning,
      quickAdd: () => quickAddAt(middleOfScreen(-160, -120)),
      middle: () => toCanvas(middleOfScreen(-140, -80)),
      layout: () => {
        autoLayout(document, withRoom(session, boxesOf(nodesNow())));
        setTimeout(fit, 30);
      },
      align: (how: Alignment) => align(document, how, boxesOf(nodesNow(), view.getState().selected)),
      /** Nodes by the way to them, `each/answer`, or by the path of a step. */
      show: (paths: readonly string[]) => {
        const [first] = paths;
        if (first === undefined) return;
        if (!showStep(session, first)) return;
        const holder = first.slice(0, first.lastIndexOf('/') + 1);
        const ids = paths.filter((path) => path.startsWith(holder)).map((path) => path.slice(holder.length));
        view.setState({ selected: ids.filter((id) => !id.includes('/')) });
        setTimeout(() => void fitView({ nodes: ids.map((id) => ({ id })), ...CALM, maxZoom: 1, padding: 0.6 }), 30);
      },
    };
  }, [session, fitView, toCanvas, add, nodesNow, selectedEdges, turning]);
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
  { document, catalogue, runs, view }: Session,
  boxes: ReturnType<typeof boxesOf>,
): ReturnType<typeof boxesOf> {
  const { run } = runs.getState();
  const grows = (id: string) => {
    const node = document.picture.nodes[id];
    return (
      node !== undefined &&
      kindNamed(catalogue, node.kind)?.family !== 'input' &&
      !resultOf(run, document.picture, id, placeOf(document.trail, view.getState().items, run.steps))
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
