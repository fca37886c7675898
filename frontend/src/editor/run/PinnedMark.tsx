import { Pin } from 'lucide-react';
import { useTranslation } from 'react-i18next';

import { Tooltip } from '@/ui';
import { plain } from '@/values/forms';
import type { NodePicture } from '../document/document';
import { unpin } from '../document/operations';
import { useSession } from '../session';
import type { Json } from '../document/graph';
import styles from './run.module.css';

/** That a node gives what was pinned, without working; a press lets it work again. */
export function PinnedMark({ node }: { node: NodePicture }) {
  const { t } = useTranslation('editor');
  const { document, mayEdit } = useSession();
  const pinned = node.rest['pinned'] as Record<string, Json> | undefined;
  if (!pinned) return null;
  const words = Object.values(pinned).map(plain).join(' · ');
  return (
    <Tooltip content={t('pin.how')} side="bottom">
      <button
        type="button"
        className={`${styles.pinned} nodrag`}
        disabled={!mayEdit}
        onClick={() => unpin(document, node.id)}
        data-testid={`pinned-${node.id}`}
      >
        <Pin size={12} aria-hidden />
        <span className={styles.pinnedWords}>{t('pin.pinned', { value: words.slice(0, 80) })}</span>
      </button>
    </Tooltip>
  );
}
