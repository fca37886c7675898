import { CircleAlert, Info, TriangleAlert } from 'lucide-react';

import type { Finding } from '../document/graph';
import styles from './canvas.module.css';

const ICONS = { error: CircleAlert, warning: TriangleAlert, note: Info };

/** One thing that the checker proved, in its words. */
export function FindingLine({ finding }: { finding: Finding }) {
  const Icon = ICONS[finding.severity];
  return (
    <p className={styles.finding} data-severity={finding.severity} data-testid={`finding-${finding.code}`}>
      <Icon size={14} aria-hidden />
      <span>{finding.message}</span>
    </p>
  );
}
