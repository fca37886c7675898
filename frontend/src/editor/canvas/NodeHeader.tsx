import { Ban, Check, CircleAlert, Hourglass, ShieldAlert, TriangleAlert, Zap } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useShallow } from 'zustand/react/shallow';

import { Spinner, Tooltip } from '@/ui';
import type { NodePicture } from '../document/document';
import { rename } from '../document/operations';
import { renamePart } from '../document/parts';
import { sharedPart } from '../types/parts';
import { useSession, useStep, useView, useWay } from '../session';
import type { Kind } from '../types/catalogue';
import { FamilyIcon } from './FamilyIcon';
import { useFindingWords } from './FindingLine';
import type { Severity } from './NodeCard';
import { NodeMenu } from './NodeMenu';
import styles from './node.module.css';

interface Props {
  node: NodePicture;
  kind: Kind | undefined;
  title: string;
  state: string;
  stale: boolean;
  severity: Severity;
}

export function NodeHeader({ node, kind, title, state, stale, severity }: Props) {
  const { t } = useTranslation('editor');
  const { mayEdit, document, view } = useSession();
  const renaming = useView((state) => state.renaming === node.id);
  const setRenaming = (begun: boolean) => view.setState({ renaming: begun ? node.id : null });
  return (
    <header className={styles.header} title={stale ? t('node.stale') : undefined}>
      <span className={styles.family} title={kind ? `${t(`family.${kind.family}`)} · ${kind.kind}` : node.kind}>
        <FamilyIcon family={kind?.family ?? ''} />
      </span>
      {renaming ? (
        <input
          className={`${styles.rename} nodrag`}
          autoFocus
          defaultValue={title}
          aria-label={t('node.rename')}
          maxLength={120}
          onFocus={(event) => event.currentTarget.select()}
          onBlur={(event) => {
            const wanted = event.target.value.trim();
            const part = sharedPart(node);
            if (part !== undefined && document.picture.parts[part]) renamePart(document, part, wanted);
            else rename(document, node.id, wanted === kind?.title ? '' : wanted);
            setRenaming(false);
          }}
          onKeyDown={(event) => {
            event.stopPropagation();
            if (event.key === 'Enter') event.currentTarget.blur();
            if (event.key === 'Escape') setRenaming(false);
          }}
        />
      ) : (
        <h2 className={styles.title} onDoubleClick={(event) => mayEdit && (event.stopPropagation(), setRenaming(true))}>
          {title}
        </h2>
      )}
      <StateMark node={node.id} state={state} severity={severity} />
      <NodeMenu node={node} title={title} />
    </header>
  );
}

/** How the node stands; what the checker found comes before what the last run left. */
function StateMark({ node, state, severity }: { node: string; state: string; severity: Severity }) {
  const { t } = useTranslation('editor');
  const cached = useStep(node, (step) => step?.cached ?? false);
  const way = useWay();
  const messages = useView(
    useShallow((view) =>
      view.findings
        .filter((finding) => finding.node === way + node || finding.node?.startsWith(`${way}${node}/`))
        .map((finding) => finding.message),
    ),
  );
  const inWords = useFindingWords();
  const quiet = state === 'idle' || state === 'done';
  if (severity && severity !== 'note' && quiet) {
    const Icon = severity === 'error' ? CircleAlert : TriangleAlert;
    return (
      <Tooltip content={messages.map(inWords).join(' ')} side="top">
        <span
          className={styles.mark}
          data-severity={severity}
          role="img"
          aria-label={[t(`severity.${severity}`), ...messages.map(inWords)].join('. ')}
          data-testid={`findings-${node}`}
        >
          <Icon size={15} />
        </span>
      </Tooltip>
    );
  }
  const words = cached ? t('reason.kept') : t(`state.${state}`);
  const mark = markFor(state, cached);
  return mark ? (
    <Tooltip content={words} side="top">
      <span className={styles.mark} role="img" aria-label={words}>
        {mark}
      </span>
    </Tooltip>
  ) : null;
}

function markFor(state: string, cached: boolean) {
  if (cached) return <Zap size={14} className={styles.bolt} />;
  if (state === 'queued') return <span className={styles.ring} />;
  if (state === 'running' || state === 'streaming') return <Spinner size={12} />;
  if (state === 'done') return <Check size={15} className={styles.tick} />;
  if (state === 'failed') return <CircleAlert size={15} className={styles.bad} />;
  if (state === 'waiting') return <Hourglass size={14} className={styles.waits} />;
  if (state === 'caught') return <ShieldAlert size={14} className={styles.caught} />;
  return state === 'skipped' ? <Ban size={14} className={styles.skipped} /> : null;
}
