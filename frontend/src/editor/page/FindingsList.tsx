import { CircleAlert, CircleCheck, TriangleAlert } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';

import { Button, Popover } from '@/ui';
import { FindingLine } from '../canvas/FindingLine';
import { useView } from '../session';
import styles from './page.module.css';

/** How many things the checker found; a press on one goes to its node. */
export function FindingsList({ onShow }: { onShow: (ids: readonly string[]) => void }) {
  const { t } = useTranslation('editor');
  const findings = useView((view) => view.findings);
  const [open, setOpen] = useState(false);
  const errors = findings.filter((finding) => finding.severity === 'error').length;
  const Icon = errors > 0 ? CircleAlert : findings.length > 0 ? TriangleAlert : CircleCheck;
  const words = t(findings.length === 0 ? 'findings.none' : 'findings.count', { count: findings.length });
  return (
    <Popover
      align="end"
      open={open}
      onOpenChange={setOpen}
      className={styles.findings}
      label={t('findings.label')}
      trigger={
        <Button variant="ghost" className={styles.findingsButton} data-tone={errors > 0 ? 'error' : findings.length > 0 ? 'warning' : 'none'} icon={<Icon size={16} />} aria-label={words} title={words} data-testid="findings">
          {findings.length > 0 ? findings.length : undefined}
        </Button>
      }
    >
      <h2 className={styles.findingsTitle}>{words}</h2>
      {findings.map((finding, index) => (
        <button
          key={index}
          type="button"
          className={styles.findingButton}
          disabled={!finding.node && !finding.path?.length}
          onClick={() => {
            onShow(finding.node ? [finding.node] : (finding.path ?? []));
            setOpen(false);
          }}
        >
          <FindingLine finding={finding} />
        </button>
      ))}
    </Popover>
  );
}
