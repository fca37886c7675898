import { SearchX } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useSearch } from '@/api/queries';
import type { Hit } from '@/api/types';
import { EmptyState, ErrorState, Skeleton } from '@/ui';
import type { DocumentForm } from '@/values/forms';
import { PassageSheet } from '@/values/PassageSheet';
import styles from './Collections.module.css';
import { highlighted } from './highlight';

/** What a question finds, best first, its words marked; each opens where it stands in its document. */
export function SearchResults({ collection, query }: { collection: number; query: string }) {
  const { t } = useTranslation('pages');
  const hits = useSearch(collection, query);
  const [opened, setOpened] = useState<{ document: DocumentForm; number: number } | null>(null);
  if (hits.isError) return <ErrorState error={hits.error} retry={() => void hits.refetch()} />;
  if (!hits.data) {
    return (
      <div className={styles.results} role="status" aria-label={t('collections.searching')}>
        {[0, 1, 2].map((index) => (
          <Skeleton key={index} height={128} radius={10} />
        ))}
      </div>
    );
  }
  if (hits.data.length === 0) {
    return (
      <EmptyState icon={<SearchX size={20} />} title={t('collections.nothing')}>
        {t('collections.nothingDetail')}
      </EmptyState>
    );
  }
  return (
    <>
      <ol className={styles.results} data-testid="search-results">
        {hits.data.map((hit, index) => (
          <Result key={hit.passage} hit={hit} query={query} onOpen={() => setOpened({ document: asForm(hit), number: index + 1 })} />
        ))}
      </ol>
      <PassageSheet shown={opened} onClose={() => setOpened(null)} />
    </>
  );
}

function Result({ hit, query, onOpen }: { hit: Hit; query: string; onOpen: () => void }) {
  const { t } = useTranslation('pages');
  const place = [hit.page ? t('documents.page', { page: hit.page }) : '', hit.heading].filter(Boolean).join(' · ');
  return (
    <li className={styles.result} data-testid="search-result">
      <button type="button" className={styles.open} onClick={onOpen}>
        <b>{hit.document.title}</b>
        <span>{place}</span>
        <i title={t('collections.score')}>{hit.score.toFixed(2)}</i>
      </button>
      <p className={styles.snippet}>
        {highlighted(hit.text, query).map((piece, index) => (piece.hit ? <mark key={index}>{piece.text}</mark> : piece.text))}
      </p>
    </li>
  );
}

const asForm = (hit: Hit): DocumentForm => ({
  text: hit.text,
  title: hit.document.title,
  passage: hit.passage,
  score: hit.score,
  ...(hit.document.artifact ? { artifact: hit.document.artifact } : {}),
  ...(hit.page ? { page: hit.page } : {}),
  ...(hit.heading ? { heading: hit.heading } : {}),
});
