import type { Node, NodeProps } from '@xyflow/react';
import clsx from 'clsx';
import { memo } from 'react';
import { useTranslation } from 'react-i18next';

import type { NodePicture } from '../document/document';
import type { Finding } from '../document/graph';
import { FlowBody } from '../parts/FlowBody';
import { PinnedMark } from '../run/PinnedMark';
import type { StepStatus } from '../run/events';
import { waitsWithin } from '../run/paths';
import { usePicture, usePlace, useRun, useSession, useStep, useTrail, useView, useWay } from '../session';
import { kindNamed } from '../types/catalogue';
import { isFlow, titleOfNode } from '../types/parts';
import { InputBody } from './InputBody';
import { NodeAsk } from './NodeAsk';
import { NodeFooter } from './NodeFooter';
import { NodeHeader } from './NodeHeader';
import { NodeKnobs } from './NodeKnobs';
import { NodePorts, useErrorWired } from './NodePorts';
import { NodeResult } from './NodeResult';
import styles from './node.module.css';

export type FlowNode = Node<{ picture: NodePicture }, 'node'>;

/** The one component that draws every kind of node; what differs comes from the catalogue and from the run. */
export const NodeCard = memo(
  function NodeCard({ id, data, selected }: NodeProps<FlowNode>) {
    const { t } = useTranslation('editor');
    const { catalogue } = useSession();
    const kind = kindNamed(catalogue, data.picture.kind);
    const way = useWay();
    const state = useNodeState(id);
    const severity = useView((view) => worst(view.findings, way + id));
    const stale = useView((view) => view.stale.has(id));
    const title = usePicture((picture) => titleOfNode(catalogue, picture, id));
    return (
      <article
        className={clsx(styles.node, selected && styles.selected)}
        data-state={state}
        data-stale={stale || undefined}
        data-pinned={data.picture.rest['pinned'] !== undefined || undefined}
        data-finding={severity}
        data-testid={`node-${id}`}
        data-kind={data.picture.kind}
        aria-label={t('node.label', { title, state: t(`state.${state}`) })}
      >
        <NodeHeader node={data.picture} kind={kind} title={title} state={state} stale={stale} severity={severity} />
        <ProgressLine node={id} />
        <NodePorts node={data.picture} />
        {kind && <NodeKnobs node={data.picture} kind={kind} />}
        {isFlow(kind) && <FlowBody node={data.picture} />}
        <NodeAsk node={id} />
        <InputOrResult node={data.picture} family={kind?.family ?? ''} title={title} />
        <PinnedMark node={data.picture} />
        <NodeFooter node={id} />
      </article>
    );
  },
  (before, after) => before.id === after.id && before.data === after.data && before.selected === after.selected,
);

/** An input takes what the next run is given; in a part it shows what came from outside. */
function InputOrResult({ node, family, title }: { node: NodePicture; family: string; title: string }) {
  const inPart = useTrail().length > 0;
  return family === 'input' && !inPart ? <InputBody node={node} /> : <NodeResult node={node.id} title={title} />;
}

export type NodeState = StepStatus | 'idle' | 'caught';

/** How a node stands in the run that is shown. One that runs parts waits when something in them does. */
function useNodeState(id: string): NodeState {
  const place = usePlace();
  const caught = useErrorWired(id);
  const status = useRun(({ run }) => run.steps[place + id]?.status);
  const queued = useRun(({ run, id: watched }) => watched !== null && !run.finished && place === '');
  const waits = useRun(({ run }) => waitsWithin(run.steps, place + id));
  if (status !== 'failed' && waits) return 'waiting';
  if (status === 'failed' && caught) return 'caught';
  return status ?? (queued ? 'queued' : 'idle');
}

export type Severity = Finding['severity'] | undefined;

function worst(findings: readonly Finding[], node: string): Severity {
  let found: Severity;
  for (const finding of findings) {
    if (finding.node !== node && !finding.node?.startsWith(`${node}/`)) continue;
    if (finding.severity === 'error') return 'error';
    found = finding.severity === 'warning' ? 'warning' : (found ?? finding.severity);
  }
  return found;
}

/** A line that moves while nobody knows how far, and fills while somebody does. */
function ProgressLine({ node }: { node: string }) {
  const { t } = useTranslation('editor');
  const running = useStep(node, (step) => step?.status === 'running');
  const fraction = useStep(node, (step) => step?.fraction ?? null);
  if (!running) return null;
  return (
    <div
      className={styles.progress}
      data-unknown={fraction === null || undefined}
      role="progressbar"
      aria-label={t('node.progress')}
      aria-valuenow={fraction === null ? undefined : Math.round(fraction * 100)}
    >
      <span style={fraction === null ? undefined : { width: `${fraction * 100}%` }} />
    </div>
  );
}
