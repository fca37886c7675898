import { useEffect, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useShallow } from 'zustand/react/shallow';

import { CitationsContext } from '@/values/citations';
import { ValueActions } from '@/values/ValueActions';
import { ResultView } from '../run/ResultView';
import type { Edge } from '../document/graph';
import { citedDocuments, resultOf } from '../run/results';
import { portsOf } from '../types/ports';
import { usePicture, usePlace, useRoot, useRun, useSession, useStep } from '../session';
import styles from './node.module.css';

/** The result, where it was made. Only the node whose text grows is drawn again when a piece comes. */
export function NodeResult({ node, title }: { node: string; title: string }) {
  const { t } = useTranslation('editor');
  const { view, mayRun } = useSession();
  const picture = usePicture((each) => each);
  const place = usePlace();
  const order = useOutputs(node);
  const result = useRun(useShallow(({ run }) => resultOf(run, picture, node, place, order)));
  const kind = picture.nodes[node]?.kind ?? '';
  const outputs = useStep(node, (step) => step?.status === 'done') && !kind.startsWith('output.');
  const box = useRef<HTMLDivElement>(null);
  const [near, setNear] = useState(false);
  const streaming = result?.streaming ?? false;
  const value = result?.value;
  useEffect(() => {
    if (streaming && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [streaming, value]);
  if (!result || (value === undefined && !result.pieces)) return null;
  return (
    <div
      className={`${styles.result} nodrag nopan nowheel`}
      role="group"
      aria-label={t('node.result', { title })}
      aria-busy={streaming || undefined}
      data-testid={`result-${node}`}
      onPointerEnter={() => setNear(true)}
      onPointerLeave={() => setNear(false)}
      onFocus={() => setNear(true)}
    >
      <div className={styles.resultBox} ref={box} tabIndex={0}>
        <Cited node={node}>
          <ResultView result={result} />
        </Cited>
      </div>
      {!streaming && near && (
        <div className={styles.resultActions}>
          <ValueActions
            value={value}
            name={node}
            onLarge={() => view.setState({ large: { node, port: result.port } })}
            {...(mayRun && outputs
              ? { onEdit: () => view.setState({ editing: { path: place + node, port: result.port } }) }
              : {})}
          />
        </div>
      )}
    </div>
  );
}

/** The names of a node's outputs, in the order of its kind. */
export function useOutputs(node: string): readonly string[] {
  const { catalogue } = useSession();
  return usePicture(({ nodes, parts }) =>
    portsOf(catalogue, nodes[node], parts)
      .outputs.map(({ name }) => name)
      .join(),
  )
    .split(',')
    .filter(Boolean);
}

/** Makes `[n]` inside the result of a node of the open graph open the passage it means. */
export function Cited({ node, children }: { node: string; children: React.ReactNode }) {
  const edges = usePicture((picture) => picture.edges);
  const place = usePlace();
  return (
    <CitedFrom node={node} edges={edges} place={place}>
      {children}
    </CitedFrom>
  );
}

/** The same for a node of the pipeline's own graph, whichever part is open. */
export function CitedAtTop({ node, children }: { node: string; children: React.ReactNode }) {
  const edges = useRoot((picture) => picture.edges);
  return (
    <CitedFrom node={node} edges={edges} place="">
      {children}
    </CitedFrom>
  );
}

interface CitedProps {
  node: string;
  edges: readonly Edge[];
  place: string;
  children: React.ReactNode;
}

function CitedFrom({ node, edges, place, children }: CitedProps) {
  const { view } = useSession();
  const steps = useRun(useShallow(({ run }) => citedDocuments(run, edges, node, place)));
  const citations = useMemo(
    () => ({
      documents: steps,
      open: (cited: (typeof steps)[number], number: number) => view.setState({ passage: { document: cited, number } }),
    }),
    [steps, view],
  );
  return <CitationsContext value={citations}>{children}</CitationsContext>;
}
