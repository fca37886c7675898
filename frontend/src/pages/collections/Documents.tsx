import { CircleAlert, FileText, Trash2, Upload, X } from 'lucide-react';
import { useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useDeleteDocument, useDocuments } from '@/api/queries';
import { isFinal, type Run, type StoredDocument } from '@/api/types';
import { Confirm, EmptyState, ErrorState, IconButton, Progress, Skeleton } from '@/ui';
import { DropTarget } from '@/ui/DropTarget';
import { failed } from '@/ui/failed';
import { count, date } from '@/ui/format';
import styles from './Collections.module.css';
import { DocumentSheet } from './DocumentSheet';
import { useIngest, useUploads, type Sending } from './uploads';

/** What the reader of documents can take. */
const ACCEPT = '.pdf,.docx,.html,.htm,.md,.markdown,.txt,.csv';

/** The documents of a collection, those on their way in, and where to drop more. */
export function Documents({ collection, mayEdit }: { collection: number; mayEdit: boolean }) {
  const { t } = useTranslation(['pages', 'common']);
  const documents = useDocuments(collection);
  const { sendings, send, forget } = useUploads(collection);
  const [opened, setOpened] = useState<StoredDocument | null>(null);
  if (documents.isError) return <ErrorState error={documents.error} retry={() => void documents.refetch()} />;
  const none = documents.data?.length === 0 && sendings.length === 0;
  return (
    <DropTarget onFiles={send} disabled={!mayEdit} label={t('documents.drop')}>
      {mayEdit && <PickFiles onFiles={send} />}
      {none && (
        <EmptyState icon={<FileText size={20} />} title={t('documents.empty')}>
          {t(mayEdit ? 'documents.emptyDetail' : 'documents.emptyReadOnly')}
        </EmptyState>
      )}
      {!none && (
        <ul className={styles.list} data-testid="documents" aria-busy={!documents.data}>
          {sendings.map((sending) => (
            <SendingRow key={sending.id} sending={sending} collection={collection} onForget={() => forget(sending.id)} />
          ))}
          {!documents.data && <RowSkeletons />}
          {documents.data?.map((document) => (
            <DocumentRow key={document.id} document={document} collection={collection} mayEdit={mayEdit} onOpen={() => setOpened(document)} />
          ))}
        </ul>
      )}
      {opened && <DocumentSheet document={opened} onClose={() => setOpened(null)} />}
    </DropTarget>
  );
}

function PickFiles({ onFiles }: { onFiles: (files: File[]) => void }) {
  const { t } = useTranslation('pages');
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <button type="button" className={styles.drop} onClick={() => input.current?.click()}>
        <Upload size={16} aria-hidden />
        {t('documents.add')}
      </button>
      <input
        ref={input}
        type="file"
        accept={ACCEPT}
        multiple
        hidden
        data-testid="document-files"
        onChange={(event) => {
          onFiles([...(event.target.files ?? [])]);
          event.target.value = '';
        }}
      />
    </>
  );
}

function SendingRow({ sending, collection, onForget }: { sending: Sending; collection: number; onForget: () => void }) {
  const { t } = useTranslation(['pages', 'common']);
  const { run, fraction, note } = useIngest(sending.run, collection, onForget);
  const broken = sending.error ?? (run && isFinal(run.status) && run.status !== 'succeeded' ? reasonOf(run) || t(`runStatus.${run.status}`) : null);
  const phase = sending.run === null ? t('documents.sending') : run?.status === 'queued' ? t('documents.waiting') : note || t('documents.reading');
  return (
    <li className={styles.row} data-testid="sending-row">
      {broken ? <CircleAlert size={16} /> : <FileText size={16} />}
      <div className={styles.rowWords}>
        <span className={styles.title}>{sending.name}</span>
        <span className={styles.sub} data-tone={broken ? 'danger' : undefined} role={broken ? 'alert' : 'status'}>
          {broken ?? phase}
        </span>
      </div>
      {!broken && (
        <div className={styles.uploading}>
          <Progress fraction={sending.run === null ? sending.sent : fraction} label={t('documents.progress', { name: sending.name })} />
        </div>
      )}
      {(broken || sending.run === null) && (
        <IconButton label={t(broken ? 'common:close' : 'documents.stop')} size="sm" onClick={broken ? onForget : sending.stop}>
          <X size={14} />
        </IconButton>
      )}
    </li>
  );
}

/** Why an ingest failed: the step's own words are closer to the file than the run's. */
function reasonOf(run: Run): string {
  const error = run.steps.find((step) => step.error)?.error ?? run.error;
  return error ? [error.detail || error.title, error.hint].filter(Boolean).join(' ') : '';
}

interface RowProps {
  document: StoredDocument;
  collection: number;
  mayEdit: boolean;
  onOpen: () => void;
}

function DocumentRow({ document, collection, mayEdit, onOpen }: RowProps) {
  const { t } = useTranslation(['pages', 'common']);
  const [asking, setAsking] = useState(false);
  const remove = useDeleteDocument(collection);
  const facts = [
    document.pages ? t('documents.pages', { count: document.pages, shown: count(document.pages) }) : '',
    t('collections.passages', { count: document.passages, shown: count(document.passages) }),
    date(document.created),
  ];
  return (
    <li className={styles.row} data-clickable data-testid="document-row">
      <FileText size={16} aria-hidden />
      <div className={styles.rowWords}>
        <button type="button" className={styles.title} onClick={onOpen}>
          {document.title}
        </button>
        <span className={styles.sub}>{facts.filter(Boolean).join(' · ')}</span>
      </div>
      {mayEdit && (
        <div className={styles.menu}>
          <IconButton label={t('documents.delete', { title: document.title })} size="sm" side="left" onClick={() => setAsking(true)}>
            <Trash2 size={14} />
          </IconButton>
        </div>
      )}
      <Confirm
        open={asking}
        onOpenChange={setAsking}
        title={t('documents.deleteTitle', { title: document.title })}
        description={t('documents.deleteDetail', { count: document.passages })}
        action={t('common:delete')}
        onConfirm={() => remove.mutateAsync(document.id, { onError: failed(t('documents.notDeleted')) })}
      />
    </li>
  );
}

function RowSkeletons() {
  return [0, 1, 2].map((index) => (
    <li key={index} className={styles.row}>
      <div className={styles.rowWords}>
        <Skeleton width="45%" />
      </div>
    </li>
  ));
}
