import type { Pipeline } from '@/api/types';

/** Saves a pipeline's graph as a file that this page, or a script, can read again. */
export function saveGraph(pipeline: Pick<Pipeline, 'name' | 'graph'>): void {
  const url = URL.createObjectURL(new Blob([JSON.stringify(pipeline.graph, null, 2)], { type: 'application/json' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = `${pipeline.name.replace(/[^\p{L}\p{N}._ -]+/gu, ' ').trim() || 'pipeline'}.json`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
