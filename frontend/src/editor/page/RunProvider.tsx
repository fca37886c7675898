import { useMemo, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';

import { ApiError } from '@/api/client';
import { toast } from '@/ui';
import { useFindingWords } from '../canvas/FindingLine';
import { answer, run, stop as stopRun, stopStep, type Started } from '../run/actions';
import { RunningContext, type Running } from '../run/RunningContext';
import { useRun, useSession } from '../session';

/** Starting and stopping, with what is said when that doesn't work. */
export function RunProvider({ children }: { children: ReactNode }) {
  const { t } = useTranslation('editor');
  const session = useSession();
  const [starting, setStarting] = useState(false);
  const under = useRun((watched) => watched.id !== null && !watched.run.finished && watched.link !== 'refused');
  const running = starting || under;
  const say = useSay();
  const value = useMemo<Running>(() => {
    const failed = (title: string) => (error: unknown) =>
      void toast({ tone: 'danger', title, detail: error instanceof ApiError ? error.detail : String(error) });
    return {
      running,
      start(how) {
        if (!session.mayRun) return;
        setStarting(true);
        run(session, how)
          .then(say)
          .catch(failed(t('run.failedToStart')))
          .finally(() => setStarting(false));
      },
      stop: () => void stopRun(session).catch(failed(t('run.failedToStop'))),
      stopStep: (path) => void stopStep(session, path).catch(failed(t('run.failedToStop'))),
      answer: (path, given) => answer(session, path, given),
    };
  }, [session, say, t, running]);
  return <RunningContext value={value}>{children}</RunningContext>;
}

/** What became of a press on Run, in words and by opening what helps. */
function useSay(): (started: Started) => void {
  const { t } = useTranslation('editor');
  const { view } = useSession();
  const inWords = useFindingWords();
  return (started) => {
    switch (started.kind) {
      case 'started':
        return view.setState({ drawer: true, tab: 'output' });
      case 'findings': {
        const first = view.getState().findings.find((finding) => finding.severity === 'error');
        return void toast({ tone: 'danger', title: t('run.hasErrors'), detail: first && inWords(first.message) });
      }
      case 'refused':
        return void toast({ tone: 'danger', title: started.title, detail: started.detail });
      case 'missing':
        view.setState({ drawer: true, tab: 'output' });
        setTimeout(() => focusInput(started.fields[0]?.name), 60);
        return void toast({ title: t('run.missing', { names: started.fields.map(({ label }) => label).join(', ') }) });
      default:
        toast({ tone: 'danger', title: t(`run.${started.kind}`) });
    }
  };
}

function focusInput(name: string | undefined): void {
  const all = document.querySelectorAll<HTMLElement>(`[data-testid="input-${CSS.escape(name ?? '')}"]`);
  const last = all.item(all.length - 1);
  (last?.matches('textarea, input') ? last : last?.querySelector<HTMLElement>('button, input'))?.focus();
}
