import { ApiError, ask } from '@/api/client';
import type { Pipeline } from '@/api/types';
import type { SaveAnswer, SaveTools, Stored } from '../document/autosave';
import type { Content } from '../document/document';
import type { Drafts } from '../document/drafts';
import type { Finding } from '../document/graph';

/** Browsers send no more than this, in bytes, once a page is gone. */
const KEEPALIVE_MOST = 60_000;

/** Saves a pipeline on the server; `onFindings` gets what the server found in the saved graph. */
export function saveTools(
  pipeline: string,
  drafts: Drafts,
  onFindings: (findings: readonly Finding[]) => void,
): SaveTools {
  return {
    drafts,
    after(milliseconds, call) {
      const timer = setTimeout(call, milliseconds);
      return () => clearTimeout(timer);
    },
    async send(content: Content, revision: string, leaving: boolean): Promise<SaveAnswer> {
      const keepalive = leaving && JSON.stringify(content).length < KEEPALIVE_MOST;
      try {
        const { data } = await ask<Pipeline>(`/pipelines/${encodeURIComponent(pipeline)}`, {
          method: 'PUT',
          json: content,
          ifMatch: revision,
          keepalive,
        });
        onFindings(data.findings);
        return { kind: 'saved', stored: storedFrom(data) };
      } catch (error) {
        return answerTo(error);
      }
    },
  };
}

export function storedFrom(pipeline: Pipeline): Stored {
  return { name: pipeline.name, graph: pipeline.graph, revision: String(pipeline.revision) };
}

/** A refusal and a conflict are answers; only silence and a broken server are worth another try. */
function answerTo(error: unknown): SaveAnswer {
  if (!(error instanceof ApiError) || error.status === 0 || error.status >= 500 || error.status === 429) throw error;
  const theirs = error.body['theirs'] as Pipeline | undefined;
  if ((error.status === 409 || error.status === 412) && theirs) return { kind: 'stale', theirs: storedFrom(theirs) };
  return { kind: 'refused', detail: error.detail || error.title };
}
