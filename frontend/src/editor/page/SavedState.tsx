import { Check, CircleAlert, CloudOff, Eye, GitMerge, Pencil } from 'lucide-react';
import { useTranslation } from 'react-i18next';

import { Button, Spinner, Tooltip } from '@/ui';
import { useSaveState, useSession } from '../session';
import styles from './page.module.css';

/** Whether the last edit is safe, and where. */
export function SavedState() {
  const { t } = useTranslation('editor');
  const { mayEdit, autosave, view } = useSession();
  const state = useSaveState();
  const name = !mayEdit ? 'readOnly' : state.kind === 'offline' && !state.kept ? 'notKept' : state.kind;
  const detail = state.kind === 'refused' ? state.detail : t(`saved.${name}Detail`);
  return (
    <Tooltip content={detail}>
      <span className={styles.saved} data-state={name} role="status" tabIndex={0} data-testid="saved-state">
        {ICONS[name]}
        <span className={styles.savedWords}>{t(`saved.${name}`)}</span>
        {(name === 'offline' || name === 'notKept' || name === 'refused') && (
          <Button size="sm" variant="ghost" onClick={() => void autosave?.flush()}>
            {t('saved.again')}
          </Button>
        )}
        {name === 'conflict' && (
          <Button size="sm" variant="ghost" onClick={() => view.setState({ later: false })}>
            {t('saved.choose')}
          </Button>
        )}
      </span>
    </Tooltip>
  );
}

const ICONS = {
  saved: <Check size={14} aria-hidden />,
  unsaved: <Pencil size={12} aria-hidden />,
  saving: <Spinner size={12} />,
  offline: <CloudOff size={14} aria-hidden />,
  notKept: <CircleAlert size={14} aria-hidden />,
  refused: <CircleAlert size={14} aria-hidden />,
  conflict: <GitMerge size={14} aria-hidden />,
  readOnly: <Eye size={14} aria-hidden />,
} as const;
