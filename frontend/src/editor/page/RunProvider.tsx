import { useCallback, useMemo, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';

import { ApiError } from '@/api/client';
import { toast } from '@/ui';
import { useFindingWords } from '../canvas/FindingLine';
import { run, stop as stopRun, type Started } from '../run/actions';
import { RunningContext, type Running } from '../run/RunningContext';
import { useRun, useSession } from '../session';

/** Starting and stopping, with what is said when that doesn't work. */
export function RunProvider({ children }: { children: ReactNode }) {
  const { t } = useTranslation('editor');
  const session = useSession();
  const [starting, setStarting] = useState(false);
  const under = useRun((watched) => watched.id !== null && !watched.run.finished && watched.link !== 'refused');

  const inWords = useFindingWords();

  const say = useCallback((started: Started) => {
    if (started.kind === 'started') return session.view.setState({ drawer: true, tab: 'output' });
    if (started.kind === 'findings') {
      const first = session.view.getState().findings.find((finding) => finding.severity === 'error');
      return void toast({ tone: 'danger', title: t('run.hasErrors'), detail: first && inWords(first.message) });
    }
    if (started.kind === 'refused') return void toast({ tone: 'danger', title: started.title, detail: started.detail });
    if (started.kind === 'missing') {
      session.view.setState({ drawer: true, tab: 'output' });
      setTimeout(() => focusInput(started.fields[0]?.name), 60);
      return void toast({ title: t('run.missing', { names: started.fields.map((field) => field.label).join(', ') }) });
    }
    toast({ tone: 'danger', title: t(`run.${started.kind}`) });
  }, [session, t, inWords]);

  const start = useCallback((from?: string) => {
    if (!session.mayRun) return;
    setStarting(true);
    run(session, from)
      .then(say)
      .catch((error: unknown) => toast({ tone: 'danger', title: t('run.failedToStart'), detail: error instanceof ApiError ? error.detail : String(error) }))
      .finally(() => setStarting(false));
  }, [session, say, t]);

  const stop = useCallback(() => {
    stopRun(session).catch((error: ApiError) => toast({ tone: 'danger', title: t('run.failedToStop'), detail: error.detail }));
  }, [session, t]);

  const running = starting || under;
  const value = useMemo<Running>(() => ({ start, stop, running }), [start, stop, running]);
  return <RunningContext value={value}>{children}</RunningContext>;
}

function focusInput(name: string | undefined): void {
  const all = document.querySelectorAll<HTMLElement>(`[data-testid="input-${CSS.escape(name ?? '')}"]`);
  const last = all.item(all.length - 1);
  (last?.matches('textarea, input') ? last : last?.querySelector<HTMLElement>('button, input'))?.focus();
}
