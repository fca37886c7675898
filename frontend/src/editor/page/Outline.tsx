import { positionsOf } from '../canvas/flow';
import { nodeOf, type Graph } from '../document/graph';
import { pictureOf } from '../document/picture';
import { useSession } from '../session';
import { kindNamed } from '../types/catalogue';
import styles from './page.module.css';

const WIDTH = 280;
const HEIGHT = 120;

/** A graph drawn small: its nodes as boxes with their names; marked ones stand out. */
export function Outline({ graph, marked }: { graph: Graph; marked: ReadonlySet<string> }) {
  const { catalogue } = useSession();
  const positions = positionsOf(pictureOf(graph));
  const all = Object.values(positions);
  if (all.length === 0) return <div className={styles.outline} />;
  const left = Math.min(...all.map(([x]) => x)) - 40;
  const top = Math.min(...all.map(([, y]) => y)) - 40;
  const width = Math.max(...all.map(([x]) => x)) + WIDTH + 40 - left;
  const height = Math.max(...all.map(([, y]) => y)) + HEIGHT + 40 - top;
  const centre = (id: string, right: boolean) =>
    [(positions[id]?.[0] ?? 0) + (right ? WIDTH : 0), (positions[id]?.[1] ?? 0) + HEIGHT / 2] as const;
  return (
    <svg className={styles.outline} viewBox={`${left} ${top} ${width} ${height}`} role="img">
      {graph.edges.map((edge) => {
        const [[x1, y1], [x2, y2]] = [centre(nodeOf(edge.source), true), centre(nodeOf(edge.target), false)];
        return (
          <path key={edge.source + edge.target} d={`M${x1} ${y1}C${x1 + 60} ${y1} ${x2 - 60} ${y2} ${x2} ${y2}`} />
        );
      })}
      {Object.entries(graph.nodes).map(([id, node]) => {
        const [x, y] = positions[id] ?? [0, 0];
        return (
          <g key={id} data-marked={marked.has(id) || undefined}>
            <rect x={x} y={y} width={WIDTH} height={HEIGHT} rx={14} />
            <text x={x + 20} y={y + HEIGHT / 2 + 10}>
              {(node.title ?? kindNamed(catalogue, node.kind)?.title ?? id).slice(0, 16)}
            </text>
          </g>
        );
      })}
    </svg>
  );
}
