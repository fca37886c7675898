import { CircleAlert, CircleCheck, TriangleAlert } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';

import { Button, Popover } from '@/ui';
import { FindingLine } from '../canvas/FindingLine';
import type { Finding } from '../document/graph';
import { useView } from '../session';
import styles from './page.module.css';

/** How many things the checker found; a press on one goes to its node. */
export function FindingsList({ onShow }: { onShow: (ids: readonly string[]) => void }) {
  const { t } = useTranslation('editor');
  const findings = useView((view) => view.findings);
  const [open, setOpen] = useState(false);
  const words = t(findings.length === 0 ? 'findings.none' : 'findings.count', { count: findings.length });
  const tone = findings.some((finding) => finding.severity === 'error')
    ? 'error'
    : findings.length > 0
      ? 'warning'
      : 'none';
  const Icon = ICONS[tone];
  const trigger = (
    <Button
      variant="ghost"
      className={styles.findingsButton}
      data-tone={tone}
      icon={<Icon size={16} />}
      aria-label={words}
      title={words}
      data-testid="findings"
    >
      {findings.length > 0 ? findings.length : undefined}
    </Button>
  );
  const show = (ids: readonly string[]) => {
    onShow(ids);
    setOpen(false);
  };
  return (
    <Popover align="end" open={open} onOpenChange={setOpen} className={styles.findings} label={words} trigger={trigger}>
      <h2 className={styles.findingsTitle}>{words}</h2>
      {findings.map((finding, index) => (
        <FindingButton key={index} finding={finding} onShow={show} />
      ))}
    </Popover>
  );
}

const ICONS = { error: CircleAlert, warning: TriangleAlert, none: CircleCheck };

function FindingButton({ finding, onShow }: { finding: Finding; onShow: (ids: readonly string[]) => void }) {
  const ids = finding.node ? [finding.node] : (finding.path ?? []);
  return (
    <button type="button" className={styles.findingButton} disabled={ids.length === 0} onClick={() => onShow(ids)}>
      <FindingLine finding={finding} />
    </button>
  );
}
