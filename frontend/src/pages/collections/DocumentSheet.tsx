import { ExternalLink } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { artifactUrl } from '@/api/client';
import { usePassages } from '@/api/queries';
import type { StoredDocument } from '@/api/types';
import { Button, ErrorState, Sheet, Skeleton } from '@/ui';
import styles from './Collections.module.css';

/** The passages one document was split into, in order: what a search can find of it. */
export function DocumentSheet({ document, onClose }: { document: StoredDocument; onClose: () => void }) {
  const { t } = useTranslation('pages');
  const passages = usePassages(document.id);
  const items = passages.data?.pages.flatMap((page) => page.items);
  return (
    <Sheet open size="lg" onOpenChange={(open) => !open && onClose()} title={document.title} description={t('documents.sheet', { count: document.passages })}>
      {document.artifact && (
        <div>
          <Button asChild size="sm">
            <a href={artifactUrl(document.artifact)} target="_blank" rel="noopener">
              <ExternalLink size={14} aria-hidden />
              {t('documents.original')}
            </a>
          </Button>
        </div>
      )}
      {passages.isError && <ErrorState error={passages.error} retry={() => void passages.refetch()} />}
      {passages.isPending && <Skeleton height={200} />}
      <ol className={styles.passages} data-testid="passages">
        {items?.map((passage) => (
          <li key={passage.id} className={styles.passage}>
            <h3>{[passage.page ? t('documents.page', { page: passage.page }) : '', passage.heading].filter(Boolean).join(' · ') || `${passage.position + 1}`}</h3>
            <p>{passage.text}</p>
          </li>
        ))}
      </ol>
      {passages.hasNextPage && (
        <Button busy={passages.isFetchingNextPage} onClick={() => void passages.fetchNextPage()}>
          {t('documents.more')}
        </Button>
      )}
    </Sheet>
  );
}
