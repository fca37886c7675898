import { useEffect, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useShallow } from 'zustand/react/shallow';

import { CitationsContext } from '@/values/citations';
import { ValueActions } from '@/values/ValueActions';
import { ValueView } from '@/values/ValueView';
import { citedDocuments, resultOf } from '../run/results';
import { usePicture, useRun, useSession } from '../session';
import styles from './node.module.css';

/** The result, where it was made. Only the node whose text grows is drawn again when a piece comes. */
export function NodeResult({ node, title }: { node: string; title: string }) {
  const { t } = useTranslation('editor');
  const { document, view } = useSession();
  usePicture((picture) => picture.edges);
  const result = useRun(useShallow(({ run }) => resultOf(run, document.picture, node)));
  const box = useRef<HTMLDivElement>(null);
  const [near, setNear] = useState(false);
  const streaming = result?.streaming ?? false;
  const value = result?.value;
  useEffect(() => {
    if (streaming && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [streaming, value]);
  if (!result || value === undefined) return null;
  return (
    <section
      className={`${styles.result} nodrag nopan nowheel`}
      aria-label={t('node.result', { title })}
      aria-busy={streaming || undefined}
      data-testid={`result-${node}`}
      onPointerEnter={() => setNear(true)}
      onPointerLeave={() => setNear(false)}
      onFocus={() => setNear(true)}
    >
      <div className={styles.resultBox} ref={box} tabIndex={0}>
        <Cited node={node}>
          <ValueView value={value} streaming={streaming} />
        </Cited>
      </div>
      {!streaming && near && (
        <div className={styles.resultActions}>
          <ValueActions
            value={value}
            name={node}
            onLarge={() => view.setState({ large: { node, port: result.port } })}
          />
        </div>
      )}
    </section>
  );
}

/** Makes `[n]` inside a node's result open the passage it means. */
export function Cited({ node, children }: { node: string; children: React.ReactNode }) {
  const { document, view } = useSession();
  const steps = useRun(useShallow(({ run }) => citedDocuments(run, document.picture.edges, node)));
  const citations = useMemo(
    () => ({
      documents: steps,
      open: (cited: (typeof steps)[number], number: number) => view.setState({ passage: { document: cited, number } }),
    }),
    [steps, view],
  );
  return <CitationsContext value={citations}>{children}</CitationsContext>;
}
