import { useEffect } from 'react';

import { api } from '@/api/client';
import type { Page, Run, RunSummary } from '@/api/types';
import type { Graph, Json } from '../document/graph';
import { useSession } from '../session';
import type { Session } from '../session';

/** Brings the newest run back after a reload, live or done: by the same events as when it was watched. */
export function useLastRun(): void {
  const session = useSession();
  useEffect(() => {
    const stop = new AbortController();
    const { pipeline, runs } = session;
    if (!pipeline.id || runs.getState().id) return;
    api<Page<RunSummary>>(`/pipelines/${encodeURIComponent(pipeline.id)}/runs?limit=1`, { signal: stop.signal })
      .then(({ items }) => {
        const last = items[0];
        if (last && !runs.getState().id && !stop.signal.aborted) return replay(session, last.id, last.number);
      })
      .catch(() => undefined); // Without its last run the pipeline can be edited all the same.
    return () => stop.abort();
  }, [session]);
}

/** Shows a run of this pipeline on the canvas, from its first event. */
export async function replay({ runs, inputs }: Session, id: string, number: number | null): Promise<void> {
  runs.watch({ id, number });
  const run = await api<Run & { graph?: Graph; inputs?: Record<string, Json> }>(`/runs/${encodeURIComponent(id)}`);
  if (runs.getState().id !== id) return;
  runs.setState({ graph: run.graph ?? null, inputs: run.inputs ?? {} });
  // Where this browser remembers nothing, as on another machine, the form begins with what was given last.
  if (Object.keys(inputs.getState().values).length === 0) inputs.setState({ values: run.inputs ?? {} });
}
