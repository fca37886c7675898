import { ReactFlowProvider } from '@xyflow/react';
import { useEffect, useMemo, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';

import { api } from '@/api/client';
import type { Graph, Json, Run } from '@/api/types';
import { ErrorState, Skeleton, Tabs } from '@/ui';
import { Canvas } from '../editor/canvas/Canvas';
import { showGraph } from '../editor/page/open';
import { LargeValue } from '../editor/page/LargeValue';
import { EventList } from '../editor/run/EventList';
import { Outputs } from '../editor/run/Outputs';
import { Timeline } from '../editor/run/Timeline';
import { SessionContext, useSession, useView } from '../editor/session';
import { useLocalCatalogue } from '../editor/types/localise';
import { PassageSheet } from './PassageSheet';
import styles from './run-view.module.css';

type RunWithGraph = Run & { graph: Graph; inputs?: Record<string, Json>; number?: number | null; workspace?: string };

/** A run as it went: the graph it ran with its results, and the outputs; live while it goes, replayed afterwards. */
export function RunView({ run: runId }: { run: string }) {
  const catalogue = useLocalCatalogue();
  const [read, setRead] = useState<{ run?: RunWithGraph; error?: unknown }>({});
  useEffect(() => {
    const stop = new AbortController();
    api<RunWithGraph>(`/runs/${encodeURIComponent(runId)}`, { signal: stop.signal })
      .then((run) => setRead({ run }))
      .catch((error: unknown) => !stop.signal.aborted && setRead({ error }));
    return () => stop.abort();
  }, [runId]);
  const { run } = read;
  const session = useMemo(
    () => (run && catalogue.data ? showGraph(run.graph, catalogue.data, run.workspace ?? '') : null),
    [run, catalogue.data],
  );
  useEffect(() => {
    if (!session || !run) return;
    session.runs.watch({ id: run.id, number: run.number ?? null, graph: run.graph, inputs: run.inputs ?? {} });
    return () => session.runs.forget();
  }, [session, run]);
  const error = read.error ?? catalogue.error;
  if (error) return <ErrorState error={error} />;
  if (!session) return <Skeleton height={360} radius={10} />;
  return (
    <SessionContext value={session}>
      <ReactFlowProvider>
        <Shown />
      </ReactFlowProvider>
    </SessionContext>
  );
}

function Shown() {
  const { view } = useSession();
  const passage = useView((state) => state.passage);
  return (
    <div className={styles.view} data-testid="run-view">
      <div className={styles.canvas}>
        <Canvas still />
      </div>
      <RunTabs />
      <PassageSheet shown={passage} onClose={() => view.setState({ passage: null })} />
      <LargeValue />
    </div>
  );
}

function RunTabs() {
  const { t } = useTranslation('editor');
  const { view } = useSession();
  const show = (ids: readonly string[]) => view.setState({ selected: ids });
  const tab = (value: 'output' | 'timeline' | 'events', content: ReactNode) => ({
    value,
    label: t(`drawer.${value}`),
    content: <div className={styles.tab}>{content}</div>,
  });
  const tabs = [tab('output', <Outputs />), tab('timeline', <Timeline onShow={show} />), tab('events', <EventList />)];
  return <Tabs label={t('drawer.label')} tabs={tabs} />;
}

export default RunView;
