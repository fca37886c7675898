import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';

import { api } from '@/api/client';
import { useWorkspace } from '@/api/queries';
import type { Pipeline } from '@/api/types';
import { ErrorState, Skeleton } from '@/ui';
import { Editor } from './page/Editor';
import { browserDrafts, type Drafts } from './document/drafts';
import { guard, openPipeline } from './page/open';
import { useLocalCatalogue } from './types/localise';
import { SessionContext, type Session } from './session';
import styles from './page/page.module.css';

/** The page of one pipeline, `/w/<workspace>/p/<id>`. */
export default function EditorPage({ workspace, id }: { workspace: string; id: string }) {
  const { session, error, retry } = useOpened(workspace, id);
  useEffect(() => (session ? guard(session) : undefined), [session]);
  if (error) return <ErrorState error={error} retry={retry} />;
  if (!session) return <Opening />;
  return (
    <SessionContext value={session}>
      <Editor />
    </SessionContext>
  );
}

/** Reads the pipeline once: from then on the document is the truth here, and what others save comes as a conflict. */
function useOpened(workspace: string, id: string) {
  const catalogue = useLocalCatalogue();
  const role = useWorkspace(workspace)?.role;
  const [read, setRead] = useState<{ pipeline?: Pipeline; drafts?: Drafts; error?: unknown }>({});
  const [tries, setTries] = useState(0);
  const [session, setSession] = useState<Session | null>(null);
  useEffect(() => {
    const stop = new AbortController();
    Promise.all([api<Pipeline>(`/pipelines/${encodeURIComponent(id)}`, { signal: stop.signal }), browserDrafts()])
      .then(([pipeline, drafts]) => setRead({ pipeline, drafts }))
      .catch((error: unknown) => !stop.signal.aborted && setRead({ error }));
    return () => stop.abort();
  }, [id, tries]);
  if (!session && read.pipeline && read.drafts && catalogue.data && role)
    setSession(openPipeline(read.pipeline, catalogue.data, role, read.drafts));
  const retry = () => {
    setRead({});
    setTries(tries + 1);
    void catalogue.refetch();
  };
  return { session, error: read.error ?? catalogue.error, retry };
}

/** The shape of what comes, and after a second what is being waited for. */
function Opening() {
  const { t } = useTranslation('editor');
  const [late, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), 1000);
    return () => clearTimeout(timer);
  }, []);
  return (
    <div className={styles.opening} aria-busy="true">
      <header className={styles.bar}>
        <Skeleton width={180} height={20} />
      </header>
      <div className={styles.openingCanvas}>
        {[0, 1, 2].map((each) => (
          <Skeleton key={each} width={280} height={150} radius={10} />
        ))}
        {late && <p>{t('opening')}</p>}
      </div>
    </div>
  );
}
