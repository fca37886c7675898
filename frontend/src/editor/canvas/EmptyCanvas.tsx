import { FileUp, LayoutTemplate, Plus } from 'lucide-react';
import { useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';

import { Kbd } from '@/ui';
import styles from './canvas.module.css';

/** Three ways into an empty canvas. */
export function EmptyCanvas({ onAdd, onFile }: { onAdd: () => void; onFile: (file: File) => void }) {
  const { t } = useTranslation('editor');
  const picker = useRef<HTMLInputElement>(null);
  return (
    <div className={styles.empty} data-testid="empty-canvas">
      <h2>{t('empty.title')}</h2>
      <div className={styles.ways}>
        <button type="button" className={styles.way} onClick={onAdd}>
          <Plus size={18} aria-hidden />
          <strong>{t('empty.node')}</strong>
          <span>
            {t('empty.nodeHow')} <Kbd keys="/" />
          </span>
        </button>
        <Link href="/gallery" className={styles.way}>
          <LayoutTemplate size={18} aria-hidden />
          <strong>{t('empty.template')}</strong>
          <span>{t('empty.templateHow')}</span>
        </Link>
        <button type="button" className={styles.way} onClick={() => picker.current?.click()}>
          <FileUp size={18} aria-hidden />
          <strong>{t('empty.file')}</strong>
          <span>{t('empty.fileHow')}</span>
        </button>
        <input
          ref={picker}
          type="file"
          className="visually-hidden"
          tabIndex={-1}
          aria-label={t('empty.file')}
          onChange={(event) => event.target.files?.[0] && onFile(event.target.files[0])}
        />
      </div>
    </div>
  );
}
