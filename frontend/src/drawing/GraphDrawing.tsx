import clsx from 'clsx';
import { useId, useMemo } from 'react';
import type { Graph } from '@/api/types';
import { useCatalogue } from '@/api/queries';
import { typeColour } from '@/ui';
import styles from './GraphDrawing.module.css';
import { drawingOf, type DrawnNode } from './layout';

interface Props {
  graph: Graph;
  /** Its accessible description; without one it is an ornament. */
  label?: string;
  /** Node titles and more detail, for a picture as wide as a page. */
  detailed?: boolean;
  className?: string;
}

/** A graph as a small picture: where its nodes lie and what flows between them. */
export function GraphDrawing({ graph, label, detailed = false, className }: Props) {
  const catalogue = useCatalogue().data;
  const drawing = useMemo(() => drawingOf(graph, catalogue), [graph, catalogue]);
  const dots = useId();
  return (
    <svg
      className={clsx(styles.drawing, className)}
      viewBox={drawing.box.join(' ')}
      role={label ? 'img' : undefined}
      aria-label={label}
      aria-hidden={label ? undefined : true}
      data-testid="graph-drawing"
    >
      <defs>
        <pattern id={dots} width="48" height="48" patternUnits="userSpaceOnUse">
          <circle cx="24" cy="24" r="2.5" className={styles.dot} />
        </pattern>
      </defs>
      <rect x={drawing.box[0] - 4000} y={drawing.box[1] - 4000} width={drawing.box[2] + 8000} height={drawing.box[3] + 8000} fill={`url(#${dots})`} />
      {drawing.wires.map((wire) => (
        <path key={wire.id} className={styles.wire} d={wire.path} style={{ stroke: typeColour(wire.type) }} />
      ))}
      {drawing.nodes.map((node) => (
        <NodeShape key={node.id} node={node} detailed={detailed} />
      ))}
    </svg>
  );
}

function NodeShape({ node, detailed }: { node: DrawnNode; detailed: boolean }) {
  const longest = node.width - 56;
  return (
    <g transform={`translate(${node.x} ${node.y})`}>
      <rect className={styles.node} width={node.width} height={node.height} rx={14} />
      {detailed ? (
        <text className={styles.title} x={20} y={30}>
          {shortened(node.title)}
        </text>
      ) : (
        <rect className={styles.line} x={22} y={18} width={Math.min(longest, 40 + node.title.length * 8)} height={13} rx={6.5} />
      )}
      <line className={styles.rule} x1={0} x2={node.width} y1={44} y2={44} />
      {node.inputs.map((port) => (
        <g key={port.name}>
          <circle className={styles.port} cx={0} cy={port.y} r={9} style={{ fill: typeColour(port.type) }} />
          {detailed && (
            <text className={styles.label} x={20} y={port.y + 5}>
              {port.name}
            </text>
          )}
        </g>
      ))}
      {node.outputs.map((port) => (
        <g key={port.name}>
          <circle className={styles.port} cx={node.width} cy={port.y} r={9} style={{ fill: typeColour(port.type) }} />
          {detailed && (
            <text className={styles.label} x={node.width - 20} y={port.y + 5} textAnchor="end">
              {port.name}
            </text>
          )}
        </g>
      ))}
    </g>
  );
}

/** Chinese characters take about twice the room of Latin letters. */
function shortened(title: string): string {
  let room = 27;
  const letters = [...title];
  const end = letters.findIndex((letter) => (room -= letter > '\u2e80' ? 1.8 : 1) < 0);
  return end < 0 ? title : `${letters.slice(0, end).join('')}…`;
}
