import clsx from 'clsx';
import { useId, useMemo } from 'react';
import type { Graph } from '@/api/types';
import { useCatalogue } from '@/api/queries';
import { typeColour } from '@/ui';
import styles from './GraphDrawing.module.css';
import { DETAILED, drawingOf, THUMBNAIL, type DrawnNode } from './layout';
import { wrapped } from './wrapped';

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
  const drawing = useMemo(() => drawingOf(graph, catalogue, detailed ? DETAILED : THUMBNAIL), [graph, catalogue, detailed]);
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
      {drawing.nodes.length === 0 && <rect className={styles.nothing} x={240} y={110} width={280} height={120} rx={14} />}
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
  const { header } = detailed ? DETAILED : THUMBNAIL;
  return (
    <g transform={`translate(${node.x} ${node.y})`}>
      <rect className={styles.node} width={node.width} height={node.height} rx={14} />
      {detailed ? (
        <Title text={node.title} width={node.width - 26} header={header} />
      ) : (
        <rect className={styles.line} x={18} y={18} width={Math.min(node.width - 36, 40 + node.title.length * 8)} height={12} rx={6} />
      )}
      <line className={styles.rule} x1={0} x2={node.width} y1={header} y2={header} />
      {node.inputs.map((port) => (
        <Port key={port.name} x={0} y={port.y} name={port.name} type={port.type} />
      ))}
      {node.outputs.map((port) => (
        <Port key={port.name} x={node.width} y={port.y} name={port.name} type={port.type} />
      ))}
    </g>
  );
}

function Port({ x, y, name, type }: { x: number; y: number; name: string; type: string | undefined }) {
  return (
    <circle className={styles.port} cx={x} cy={y} r={9} style={{ fill: typeColour(type) }}>
      <title>{type ? `${name}: ${type}` : name}</title>
    </circle>
  );
}

function Title({ text, width, header }: { text: string; width: number; header: number }) {
  const lines = wrapped(text, width);
  const first = header / 2 + 7 - (lines.length - 1) * 13;
  return lines.map((line, index) => (
    <text key={index} className={styles.title} x={14} y={first + index * 26}>
      {line}
    </text>
  ));
}
