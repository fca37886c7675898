import { ExternalLink } from 'lucide-react';
import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';

import { usePassage } from '@/api/queries';
import type { Passage } from '@/api/types';
import { Button, Sheet, Skeleton } from '@/ui';
import { artifactUrl, type DocumentForm } from './forms';
import styles from './values.module.css';

interface Props {
  shown: { document: DocumentForm; number: number } | null;
  onClose: () => void;
}

/** A cited passage where it stands: its page, what comes before and after it, and the original file. */
export function PassageSheet({ shown, onClose }: Props) {
  const { t } = useTranslation('editor');
  const document = shown?.document;
  const found = usePassage(document?.passage ?? null);
  const title = found.data?.document.title || document?.title || t('values.passage');
  return (
    <Sheet
      open={shown !== null}
      onOpenChange={(open) => !open && onClose()}
      title={shown ? `[${shown.number}] ${title}` : title}
      size="lg"
    >
      {document && (
        <div className={styles.passage} data-testid="passage-sheet">
          <Place document={document} passage={found.data} />
          {found.isLoading ? (
            <Skeleton height={160} />
          ) : (
            <PassageText
              before={found.data?.before}
              text={found.data?.text ?? document.text}
              after={found.data?.after}
            />
          )}
          {found.isError && <p className={styles.note}>{t('values.passageGone')}</p>}
        </div>
      )}
    </Sheet>
  );
}

function Place({ document, passage }: { document: DocumentForm; passage: Passage | undefined }) {
  const { t } = useTranslation('editor');
  const page = passage?.page ?? document.page;
  const heading = passage?.heading ?? document.heading;
  const artifact = passage?.document.artifact ?? document.artifact;
  return (
    <div className={styles.passagePlace}>
      <span>{[page ? t('values.page', { page }) : '', heading].filter(Boolean).join(' · ')}</span>
      {artifact && (
        <Button asChild size="sm" icon={<ExternalLink size={14} />}>
          <a href={artifactUrl(artifact, page)} target="_blank" rel="noopener" data-testid="open-original">
            <ExternalLink size={14} aria-hidden />
            {page ? t('values.openAtPage', { page }) : t('values.openOriginal')}
          </a>
        </Button>
      )}
    </div>
  );
}

function PassageText({ before, text, after }: { before?: string | null; text: string; after?: string | null }) {
  const mark = useRef<HTMLElement>(null);
  useEffect(() => void mark.current?.scrollIntoView({ block: 'center' }), [text]);
  return (
    <div className={styles.passageText}>
      {before && <p className={styles.around}>{before}</p>}
      <p>
        <mark ref={mark} data-testid="passage-text">
          {text}
        </mark>
      </p>
      {after && <p className={styles.around}>{after}</p>}
    </div>
  );
}
