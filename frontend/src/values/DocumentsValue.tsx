import { FileText } from 'lucide-react';
import { useContext } from 'react';
import { useTranslation } from 'react-i18next';

import { CitationsContext } from './citations';
import type { DocumentForm } from './forms';
import styles from './values.module.css';

const FIRST = 20;

/** Pages or passages as cards: where each is from, how well it fitted, how it begins. */
export function DocumentsValue({ documents, count }: { documents: readonly DocumentForm[]; count: number }) {
  const { t } = useTranslation('editor');
  if (count === 0) return <p className={styles.nothing}>{t('values.noDocuments')}</p>;
  return (
    <div className={styles.documents}>
      <p className={styles.note}>{t(`values.${calledAs(documents)}`, { count })}</p>
      <ol>
        {documents.slice(0, FIRST).map((document, index) => (
          <li key={document.passage ?? index}>
            <DocumentCard document={document} number={index + 1} />
          </li>
        ))}
      </ol>
      {count > Math.min(FIRST, documents.length) && (
        <p className={styles.note}>{t('values.more', { count: count - Math.min(FIRST, documents.length) })}</p>
      )}
    </div>
  );
}

/** What was found or stored is a passage; what was only read or cut is a piece of a document. */
export function calledAs(documents: readonly DocumentForm[]): 'pieces' | 'documents' {
  return documents.every((each) => each.passage === undefined && each.score === undefined) ? 'pieces' : 'documents';
}

function DocumentCard({ document, number }: { document: DocumentForm; number: number }) {
  const { t } = useTranslation('editor');
  const citations = useContext(CitationsContext);
  const place = [document.page ? t('values.page', { page: document.page }) : '', document.heading]
    .filter(Boolean)
    .join(' · ');
  const inner = (
    <>
      <span className={styles.documentHead}>
        <span className={styles.number}>{number}</span>
        <FileText size={13} aria-hidden />
        <span className={styles.documentTitle}>{document.title || t('values.untitled')}</span>
        {document.score !== undefined && (
          <span className={styles.score} title={t('values.score')}>
            {document.score.toFixed(document.score < 0.1 ? 3 : 2)}
          </span>
        )}
      </span>
      {place && <span className={styles.place}>{place}</span>}
      <span className={styles.excerpt}>{document.text.slice(0, 280)}</span>
    </>
  );
  if (!citations) return <div className={styles.document}>{inner}</div>;
  return (
    <button
      type="button"
      className={`${styles.document} nodrag`}
      onClick={() => citations.open(document, number)}
      data-testid="document-card"
    >
      {inner}
    </button>
  );
}
