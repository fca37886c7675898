import { queryClient } from '@/api/queries';
import type { Catalogue, Pipeline, Role } from '@/api/types';
import { Autosave } from '../document/autosave';
import { PipelineDocument } from '../document/document';
import type { Drafts } from '../document/drafts';
import type { Graph } from '../document/graph';
import { createInputsStore } from '../run/inputs';
import { createRunStore } from '../run/store';
import type { Session } from '../session';
import { saveTools, storedFrom } from './saving';
import { createViewStore } from './view';

const EDITS: readonly Role[] = ['editor', 'owner'];
const RUNS: readonly Role[] = ['runner', 'editor', 'owner'];

/** Opens a pipeline for editing; what lies unsaved in this browser is taken up again. */
export function openPipeline(pipeline: Pipeline, catalogue: Catalogue, role: Role, drafts: Drafts): Session {
  const stored = storedFrom(pipeline);
  const document = new PipelineDocument(stored);
  const view = createViewStore(pipeline.findings);
  const mayEdit = EDITS.includes(role);
  const tools = saveTools(pipeline.id, drafts, (findings) => view.setState({ findings }));
  const autosave = mayEdit ? new Autosave(pipeline.id, document, stored, tools, () => forget(pipeline)) : null;
  return {
    pipeline: { id: pipeline.id, workspace: pipeline.workspace },
    catalogue,
    document,
    autosave,
    runs: createRunStore(() => void queryClient.invalidateQueries({ queryKey: ['runs-of', pipeline.id] })),
    inputs: createInputsStore(pipeline.id),
    view,
    mayEdit,
    mayRun: RUNS.includes(role),
    mayAnswer: RUNS.includes(role),
  };
}

/** A session that only shows a graph, as the page of a run does. */
export function showGraph(graph: Graph, catalogue: Catalogue, workspace: string, role?: Role): Session {
  return {
    pipeline: { id: '', workspace },
    catalogue,
    document: new PipelineDocument({ name: '', graph }),
    autosave: null,
    runs: createRunStore(),
    inputs: createInputsStore(''),
    view: createViewStore([]),
    mayEdit: false,
    mayRun: false,
    mayAnswer: role !== undefined && RUNS.includes(role),
  };
}

/** Starts saving and watches for the moments at which unsaved work must be made safe; returns what ends that. */
export function guard({ autosave, runs }: Session): () => void {
  autosave?.start();
  const hidden = () => {
    if (window.document.visibilityState === 'hidden' && autosave?.dirty) void autosave.flush(true);
  };
  const leaving = () => {
    if (autosave?.dirty) autosave.keepDraft();
  };
  const online = () => autosave?.reconnected();
  window.document.addEventListener('visibilitychange', hidden);
  window.addEventListener('pagehide', leaving);
  window.addEventListener('online', online);
  return () => {
    window.document.removeEventListener('visibilitychange', hidden);
    window.removeEventListener('pagehide', leaving);
    window.removeEventListener('online', online);
    if (autosave?.dirty) void autosave.flush(true);
    autosave?.stop();
    runs.forget();
  };
}

/** The lists that show this pipeline read it again when they are opened next. */
function forget(pipeline: Pipeline): void {
  void queryClient.invalidateQueries({ queryKey: ['pipelines', pipeline.workspace], refetchType: 'none' });
  void queryClient.invalidateQueries({ queryKey: ['pipeline', pipeline.id], refetchType: 'none' });
}
