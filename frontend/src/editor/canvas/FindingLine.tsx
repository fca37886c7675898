import { CircleAlert, Info, TriangleAlert } from 'lucide-react';

import type { Finding } from '../document/graph';
import { useSession, useTitleOf } from '../session';
import styles from './canvas.module.css';

const ICONS = { error: CircleAlert, warning: TriangleAlert, note: Info };

/** Findings name nodes as the graph does; people know them by their titles. */
export function useFindingWords(): (message: string) => string {
  const { document } = useSession();
  const titleOf = useTitleOf();
  return (message) =>
    message.replace(/“([^”]+)”/g, (whole, id: string) => (document.picture.nodes[id] ? `“${titleOf(id)}”` : whole));
}

/** One thing that the checker proved, in its words. */
export function FindingLine({ finding }: { finding: Finding }) {
  const Icon = ICONS[finding.severity];
  const inWords = useFindingWords();
  return (
    <p className={styles.finding} data-severity={finding.severity} data-testid={`finding-${finding.code}`}>
      <Icon size={14} aria-hidden />
      <span>{inWords(finding.message)}</span>
    </p>
  );
}
