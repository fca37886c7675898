import { CircleAlert } from 'lucide-react';
import { memo, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useShallow } from 'zustand/react/shallow';

import { ValueActions } from '@/values/ValueActions';
import { CitedAtTop } from '../canvas/NodeResult';
import { useRoot, useRun, useSession, useStepTitle } from '../session';
import { kindNamed } from '../types/catalogue';
import { Asks } from './Asks';
import type { Steps } from './paths';
import { resultOf } from './results';
import { ResultView } from './ResultView';
import styles from './run.module.css';

/** The pipeline's results by name, as they come. */
export function Outputs() {
  const { t } = useTranslation('editor');
  const { catalogue } = useSession();
  const picture = useRoot((each) => each);
  const watched = useRun((each) => each.id !== null);
  const outputs = Object.values(picture.nodes).filter((node) => kindNamed(catalogue, node.kind)?.family === 'output');
  return (
    <div className={styles.outputs} data-testid="outputs">
      <RunFailure />
      {!watched && <p className={styles.nothing}>{t('outputs.notRun')}</p>}
      <Asks />
      <Waiting />
      {watched && outputs.length === 0 && <p className={styles.nothing}>{t('outputs.none')}</p>}
      {watched &&
        outputs.map((node) => (
          <Output key={node.id} node={node.id} name={String(node.params['name'] ?? node.id)} title={node.title} />
        ))}
    </div>
  );
}

/** A run that nobody has taken up after a moment: what it waits for. */
function Waiting() {
  const { t } = useTranslation('editor');
  const waiting = useRun(({ id, run, link }) => id !== null && !run.started && !run.finished && link !== 'refused');
  const [late, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(waiting), waiting ? 1500 : 0);
    return () => clearTimeout(timer);
  }, [waiting]);
  return waiting && late ? (
    <p className={styles.nothing} role="status">
      {t('run.waitsForWorker')}
    </p>
  ) : null;
}

const Output = memo(function Output({ node, name, title }: { node: string; name: string; title: string | undefined }) {
  const { t } = useTranslation('editor');
  const { document } = useSession();
  const result = useRun(useShallow(({ run }) => resultOf(run, document.root, node)));
  const finished = useRun(({ run }) => run.finished);
  const label = title ?? name.replaceAll('_', ' ');
  return (
    <section
      className={styles.output}
      aria-label={label}
      data-testid={`output-${name}`}
      aria-busy={result?.streaming || undefined}
    >
      <header>
        <h3>{label}</h3>
        {result && !result.streaming && <ValueActions value={result.value} name={name} />}
      </header>
      {result ? (
        <div className={styles.reading} aria-live={result.streaming ? 'off' : 'polite'}>
          <CitedAtTop node={node}>
            <ResultView result={result} />
          </CitedAtTop>
        </div>
      ) : (
        <p className={styles.nothing}>{t(finished ? 'outputs.missing' : 'outputs.waiting')}</p>
      )}
    </section>
  );
});

/** The innermost step that failed, where the run itself doesn't name one. */
const firstFailed = (steps: Steps): string | undefined =>
  Object.keys(steps)
    .filter((path) => steps[path]?.status === 'failed')
    .sort((a, b) => b.split('/').length - a.split('/').length)[0];

/** Why the run failed, said once, above what it gave all the same. */
function RunFailure() {
  const { t } = useTranslation('editor');
  const titleOf = useStepTitle();
  const error = useRun(({ run }) => run.error);
  const status = useRun(({ run }) => run.status);
  const link = useRun((watched) => watched.link);
  const node = useRun(({ run }) => run.error?.node ?? firstFailed(run.steps));
  const stepError = useRun(({ run }) => (node ? run.steps[node]?.error : null));
  if (link === 'refused') return <p className={styles.nothing}>{t('run.refused')}</p>;
  if (status === 'cancelled') return <p className={styles.nothing}>{t('run.cancelled')}</p>;
  const said = stepError ?? error;
  if (status !== 'failed' || !said) return null;
  const words = said.detail || said.title;
  return (
    <div className={styles.failure} role="alert" data-testid="run-failure">
      <CircleAlert size={16} aria-hidden />
      <div>
        <strong>{node ? `${titleOf(node)}: ${words}` : words}</strong>
        {said.hint && <p>{said.hint}</p>}
      </div>
    </div>
  );
}
