import {
  BaseEdge,
  EdgeLabelRenderer,
  getBezierPath,
  getSmoothStepPath,
  type Edge as XyEdge,
  type EdgeProps,
} from '@xyflow/react';
import { memo, useState } from 'react';
import { useTranslation } from 'react-i18next';

import { typeColour } from '@/ui';
import { formOf, plain } from '@/values/forms';
import { endpoint, type Edge, type Json } from '../document/graph';
import { resultAt } from '../run/results';
import { useStep } from '../session';
import styles from './canvas.module.css';

export type Wire = XyEdge<{ edge: Edge; type: string }, 'wire'>;

/** A wire in the colour of what it carries; it moves only while something flows. */
export const WireEdge = memo(function WireEdge(props: EdgeProps<Wire>) {
  const { id, data, selected } = props;
  const [path, x, y] = pathOf(props);
  const [at, setAt] = useState<{ x: number; y: number } | null>(null);
  const [node, port] = endpoint(data?.edge.source ?? '');
  const flowing = useStep(node, (step) => step?.status === 'streaming' && step.streams[port] !== undefined);
  const state = flowing ? 'flowing' : undefined;
  const style = { '--wire': port === 'error' ? 'var(--danger)' : typeColour(data?.type) } as React.CSSProperties;
  return (
    <g
      style={style}
      className={styles.wire}
      data-state={state}
      data-port={port === 'error' ? 'error' : undefined}
      data-selected={selected || undefined}
      onPointerEnter={() => setAt({ x, y })}
      onPointerLeave={() => setAt(null)}
    >
      <BaseEdge id={id} path={path} interactionWidth={18} className={styles.wirePath} />
      {at && <WireValue node={node} port={port} at={at} type={data?.type ?? ''} />}
    </g>
  );
});

/** Pixels from a port to above its node's header. */
const ABOVE_HEADER = 110;

/** A calm curve forwards; a wire that goes back to an earlier column takes the gap between the rows. */
function pathOf(props: EdgeProps<Wire>) {
  const back = props.targetX < props.sourceX - 40 && Math.abs(props.targetY - props.sourceY) > 80;
  const below = props.targetY > props.sourceY;
  const turn = below ? { centerY: Math.max(props.sourceY + 40, props.targetY - ABOVE_HEADER) } : {};
  return back
    ? getSmoothStepPath({ ...props, ...turn, borderRadius: 20, offset: 28 })
    : getBezierPath({ ...props, curvature: 0.35 });
}

/** What last went through, said beside the wire. */
function WireValue({
  node,
  port,
  at,
  type,
}: {
  node: string;
  port: string;
  at: { x: number; y: number };
  type: string;
}) {
  const { t } = useTranslation('editor');
  const value = useStep(node, (step) => resultAt(step, port)?.value);
  return (
    <EdgeLabelRenderer>
      <div className={styles.wireValue} style={{ transform: `translate(-50%, -110%) translate(${at.x}px, ${at.y}px)` }}>
        <span className={styles.wireType}>{t(`types.${type}`, { defaultValue: type })}</span>
        {value === undefined ? (
          <span className={styles.quiet}>{t('wire.nothing')}</span>
        ) : (
          <span>{shortened(value)}</span>
        )}
      </div>
    </EdgeLabelRenderer>
  );

  function shortened(shown: Json): string {
    const form = formOf(shown);
    if (form.kind === 'documents') return t('values.documents', { count: form.count });
    if (form.kind === 'embedding') return t('values.embedding', { count: form.dimension });
    const text = plain(shown);
    return text.length > 240 ? `${text.slice(0, 240)}…` : text;
  }
}
