import type { Node, NodeProps } from '@xyflow/react';
import clsx from 'clsx';
import { memo } from 'react';
import { useTranslation } from 'react-i18next';

import type { NodePicture } from '../document/document';
import type { Finding } from '../document/graph';
import { useRun, useSession, useView } from '../session';
import { kindNamed } from '../types/catalogue';
import { InputBody } from './InputBody';
import { NodeFooter } from './NodeFooter';
import { NodeHeader } from './NodeHeader';
import { NodeKnobs } from './NodeKnobs';
import { NodePorts } from './NodePorts';
import { NodeResult } from './NodeResult';
import styles from './node.module.css';

export type FlowNode = Node<{ picture: NodePicture }, 'node'>;

/** The one component that draws every kind of node; what differs comes from the catalogue and from the run. */
export const NodeCard = memo(
  function NodeCard({ id, data, selected }: NodeProps<FlowNode>) {
    const { t } = useTranslation('editor');
    const { catalogue } = useSession();
    const kind = kindNamed(catalogue, data.picture.kind);
    const status = useRun(({ run }) => run.steps[id]?.status);
    const waiting = useRun(({ run, id: watched }) => watched !== null && !run.finished && !run.steps[id]);
    const severity = useView((view) => worst(view.findings, id));
    const stale = useView((view) => view.stale.has(id));
    const state = status ?? (waiting ? 'queued' : 'idle');
    const title = data.picture.title ?? kind?.title ?? data.picture.kind;
    return (
      <article
        className={clsx(styles.node, selected && styles.selected)}
        data-state={state}
        data-stale={stale || undefined}
        data-finding={severity}
        data-testid={`node-${id}`}
        data-kind={data.picture.kind}
        aria-label={t('node.label', { title, state: t(`state.${state}`) })}
      >
        <NodeHeader node={data.picture} kind={kind} title={title} state={state} stale={stale} severity={severity} />
        <ProgressLine node={id} />
        <NodePorts node={data.picture} />
        {kind && <NodeKnobs node={data.picture} kind={kind} />}
        {kind?.family === 'input' ? <InputBody node={data.picture} /> : <NodeResult node={id} title={title} />}
        <NodeFooter node={id} />
      </article>
    );
  },
  (before, after) => before.id === after.id && before.data === after.data && before.selected === after.selected,
);

export type Severity = Finding['severity'] | undefined;

function worst(findings: readonly Finding[], node: string): Severity {
  let found: Severity;
  for (const finding of findings) {
    if (finding.node !== node) continue;
    if (finding.severity === 'error') return 'error';
    found = finding.severity === 'warning' ? 'warning' : (found ?? finding.severity);
  }
  return found;
}

/** A line that moves while nobody knows how far, and fills while somebody does. */
function ProgressLine({ node }: { node: string }) {
  const running = useRun(({ run }) => run.steps[node]?.status === 'running');
  const fraction = useRun(({ run }) => run.steps[node]?.fraction ?? null);
  if (!running) return null;
  return (
    <div
      className={styles.progress}
      data-unknown={fraction === null || undefined}
      role="progressbar"
      aria-valuenow={fraction === null ? undefined : Math.round(fraction * 100)}
    >
      <span style={fraction === null ? undefined : { width: `${fraction * 100}%` }} />
    </div>
  );
}
