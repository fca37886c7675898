import type { RunSummary } from '@/api/types';

/** The words for a run whose pipeline's name isn't known: not read yet, deleted, or the studio's own for documents. */
export function unnamed(run: Pick<RunSummary, 'pipeline' | 'number'>): string {
  if (run.pipeline) return 'runs.pipeline';
  return run.number > 0 ? 'runs.deletedPipeline' : 'runs.ingest';
}
