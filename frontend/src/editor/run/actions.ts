import { ApiError } from '@/api/client';
import { cancelRun, cancelStep, queryClient, startRun, uploadFile } from '@/api/queries';
import { answerRun, type Answer } from '@/api/work';
import type { Finding, Json } from '../document/graph';
import type { Session } from '../session';
import { inputFields, inputsToSend, missingInputs, type InputField } from './inputs';
import type { Start } from './RunningContext';

export type Started =
  | { kind: 'started' }
  | { kind: 'missing'; fields: readonly InputField[] }
  | { kind: 'uploading' }
  | { kind: 'unsaved' }
  | { kind: 'findings' }
  | { kind: 'refused'; title: string; detail: string };

/** Saves, starts a run and watches it. */
export async function run(session: Session, how: Start = {}): Promise<Started> {
  const { document, inputs, runs, view, catalogue, pipeline } = session;
  const fields = inputFields(catalogue, document.root);
  const { values, uploads } = inputs.getState();
  if (Object.values(uploads).some((upload) => upload.fraction !== null)) return { kind: 'uploading' };
  const missing = missingInputs(fields, values);
  if (missing.length > 0) return { kind: 'missing', fields: missing };
  if (session.autosave && !(await session.autosave.flush())) return { kind: 'unsaved' };
  const given = inputsToSend(fields, values);
  try {
    // A key made once for this press: a request that is sent twice starts one run. Only secure pages can make one.
    const key = window.isSecureContext ? crypto.randomUUID() : undefined;
    const started: { id: string; number?: number } = await startRun(pipeline.id, { inputs: given, ...how }, key);
    runs.watch({ id: started.id, number: started.number ?? null, graph: document.toJson(), inputs: given });
    void queryClient.invalidateQueries({ queryKey: ['runs-of', pipeline.id] });
    return { kind: 'started' };
  } catch (error) {
    return refused(error, view);
  }
}

function refused(error: unknown, view: Session['view']): Started {
  if (!(error instanceof ApiError)) throw error;
  const findings = error.body['findings'];
  if (Array.isArray(findings) && findings.length > 0) {
    view.setState({ findings: findings as Finding[] });
    return { kind: 'findings' };
  }
  return { kind: 'refused', title: error.title, detail: error.detail };
}

export async function stop({ runs }: Session): Promise<void> {
  const { id } = runs.getState();
  if (id) await cancelRun(id);
}

export async function stopStep({ runs }: Session, path: string): Promise<void> {
  const { id } = runs.getState();
  if (id) await cancelStep(id, path);
}

/** Throws ApiError: somebody else was quicker, or the answer doesn't fit what is asked. */
export async function answer({ runs, pipeline }: Session, path: string, given: Answer): Promise<void> {
  const { id } = runs.getState();
  if (!id) return;
  await answerRun(id, path, given);
  void queryClient.invalidateQueries({ queryKey: ['waits', pipeline.workspace] });
}

/** Sends a file to the store and gives it to the run input `name`. Throws ApiError. */
export async function giveFile({ inputs, pipeline }: Session, name: string, file: File): Promise<void> {
  inputs.uploading(name, { name: file.name, fraction: 0 });
  try {
    const { digest } = await uploadFile(pipeline.workspace, file, (fraction) =>
      inputs.uploading(name, { name: file.name, fraction }),
    );
    const value: Json = {
      type: 'File',
      artifact: digest,
      name: file.name,
      media: file.type || 'application/octet-stream',
      size: file.size,
    };
    inputs.give(name, value);
    inputs.uploading(name, null);
  } catch (error) {
    inputs.uploading(name, { name: file.name, fraction: null });
    throw error;
  }
}
