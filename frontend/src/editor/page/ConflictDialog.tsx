import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';

import { Button, Dialog } from '@/ui';
import type { Autosave } from '../document/autosave';
import type { Content } from '../document/document';
import { merge } from '../document/merge';
import { sameJson } from '../document/graph';
import { useSaveState, useSession } from '../session';
import { Outline } from './Outline';
import styles from './page.module.css';

/** Two versions of one pipeline, side by side, and the choice between them. Nothing is lost: undo brings back the other. */
export function ConflictDialog() {
  const { t } = useTranslation('editor');
  const { autosave, document, view } = useSession();
  const state = useSaveState();
  const theirs = state.kind === 'conflict' ? state.theirs : null;
  const mine = document.content;
  const merged = useMemo(
    () => theirs && merge(autosave?.base?.graph ?? null, document.content, theirs),
    [theirs, document, autosave],
  );
  if (!theirs || !merged || !autosave) return null;
  const note = t(merged.clashes.length > 0 ? 'conflict.clashes' : 'conflict.merges', { count: merged.clashes.length });
  const later = () => view.setState({ later: true });
  return (
    <Dialog open onOpenChange={later} title={t('conflict.title')} description={t('conflict.why')} size="lg">
      <div className={styles.versions} data-testid="conflict">
        <VersionSide title={t('conflict.mine')} content={mine} other={theirs} />
        <VersionSide title={t('conflict.theirs')} content={theirs} other={mine} />
      </div>
      <p className={styles.conflictNote}>{note}</p>
      <Choices autosave={autosave} theirs={theirs} both={merged.content} />
    </Dialog>
  );
}

function Choices({ autosave, theirs, both }: { autosave: Autosave; theirs: Content; both: Content }) {
  const { t } = useTranslation('editor');
  const [busy, setBusy] = useState(false);
  const end = (choice: () => Promise<void>) => () => {
    setBusy(true);
    void choice().finally(() => setBusy(false));
  };
  return (
    <div className={styles.choices}>
      <Button disabled={busy} onClick={end(() => autosave.take(theirs))} data-testid="take-theirs">
        {t('conflict.takeTheirs')}
      </Button>
      <Button disabled={busy} onClick={end(() => autosave.keepMine())} data-testid="keep-mine">
        {t('conflict.keepMine')}
      </Button>
      <Button variant="primary" disabled={busy} onClick={end(() => autosave.take(both))} data-testid="keep-both">
        {t('conflict.both')}
      </Button>
    </div>
  );
}

function VersionSide({ title, content, other }: { title: string; content: Content; other: Content }) {
  const { t } = useTranslation('editor');
  const changed = Object.entries(content.graph.nodes).filter(([id, node]) => !sameJson(node, other.graph.nodes[id]));
  return (
    <section className={styles.version}>
      <h3>{title}</h3>
      <Outline graph={content.graph} marked={new Set(changed.map(([id]) => id))} />
      <p>{t('conflict.differs', { count: changed.length })}</p>
    </section>
  );
}
