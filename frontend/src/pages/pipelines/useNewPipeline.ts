import { useTranslation } from 'react-i18next';
import { useLocation } from 'wouter';
import { useCreatePipeline } from '@/api/queries';
import type { Graph, Pipeline } from '@/api/types';
import { toast } from '@/ui';
import { failed } from '@/ui/failed';
import { NoGraph, readGraph } from './readGraph';

const BLANK: Graph = { version: 1, nodes: {}, edges: [] };

/** The ways to a new pipeline in a workspace; each ends in its editor. */
export function useNewPipeline(workspace: string) {
  const { t } = useTranslation('pages');
  const [, go] = useLocation();
  const create = useCreatePipeline(workspace);
  const open = (made: Pipeline) => go(`/w/${workspace}/p/${made.id}`);

  const createBlank = () =>
    create.mutate({ name: t('pipelines.untitled'), graph: BLANK }, { onSuccess: open, onError: failed(t('pipelines.notCreated')) });

  const importFile = async (file: File): Promise<Pipeline | null> => {
    try {
      return await create.mutateAsync(readGraph(await file.text(), file.name));
    } catch (error) {
      const reason = error instanceof NoGraph ? t(`pipelines.${error.reason}`, { file: file.name }) : (error as Error).message;
      toast({ title: t('pipelines.notImported', { file: file.name }), detail: reason, tone: 'danger' });
      return null;
    }
  };
  const importFiles = async (files: File[]) => {
    const made = [];
    for (const file of files) made.push(await importFile(file));
    const [first] = made.filter((one) => one !== null);
    if (first && files.length === 1) open(first);
  };
  return { createBlank, importFiles, busy: create.isPending };
}
