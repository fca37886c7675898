import { ReactFlowProvider } from '@xyflow/react';
import { useEffect, useMemo, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';

import { api } from '@/api/client';
import { useWorkspace } from '@/api/queries';
import type { Graph, Json, Run } from '@/api/types';
import { ErrorState, Skeleton, Tabs } from '@/ui';
import { Canvas } from '../editor/canvas/Canvas';
import { showGraph } from '../editor/page/open';
import { LargeValue } from '../editor/page/LargeValue';
import { showStep } from '../editor/parts/opening';
import { answer } from '../editor/run/actions';
import { EventList } from '../editor/run/EventList';
import { Outputs } from '../editor/run/Outputs';
import { RunningContext, type Running } from '../editor/run/RunningContext';
import { Timeline } from '../editor/run/Timeline';
import { SessionContext, useSession, useView, type Session } from '../editor/session';
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
  const role = useWorkspace(run?.workspace ?? '')?.role;
  const session = useMemo(
    () => (run && catalogue.data ? showGraph(run.graph, catalogue.data, run.workspace ?? '', role) : null),
    [run, catalogue.data, role],
  );
  const running = useMemo(() => (session ? answering(session) : null), [session]);
  useEffect(() => {
    if (!session || !run) return;
    session.runs.watch({ id: run.id, number: run.number ?? null, graph: run.graph, inputs: run.inputs ?? {} });
    return () => session.runs.forget();
  }, [session, run]);
  const error = read.error ?? catalogue.error;
  if (error) return <ErrorState error={error} />;
  if (!session || !running) return <Skeleton height={360} radius={10} />;
  return (
    <SessionContext value={session}>
      <RunningContext value={running}>
        <ReactFlowProvider>
          <Shown />
        </ReactFlowProvider>
      </RunningContext>
    </SessionContext>
  );
}

/** A run that is only shown is neither begun nor stopped here; what it asks can be answered. */
const answering = (session: Session): Running => ({
  start: () => undefined,
  stop: () => undefined,
  stopStep: () => undefined,
  answer: (path, given) => answer(session, path, given),
  running: true,
});

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
  const session = useSession();
  const show = ([path]: readonly string[]) => void (path !== undefined && showStep(session, path));
  const tab = (value: 'output' | 'timeline' | 'events', content: ReactNode) => ({
    value,
    label: t(`drawer.${value}`),
    content: <div className={styles.tab}>{content}</div>,
  });
  const tabs = [tab('output', <Outputs />), tab('timeline', <Timeline onShow={show} />), tab('events', <EventList />)];
  return <Tabs label={t('drawer.label')} tabs={tabs} />;
}

export default RunView;
