import type { Content } from './document';

/** Edits that the server doesn't have yet, as they lie in this browser. */
export interface Draft extends Content {
  /** Revision of the pipeline that these edits were made on. */
  revision: string;
  /** Milliseconds since 1970. */
  at: number;
}

export interface Drafts {
  read(pipeline: string): Draft | null;
  /** False when the browser has no room or keeps nothing for this page. */
  keep(pipeline: string, draft: Draft): boolean;
  drop(pipeline: string): void;
}

const keyOf = (pipeline: string): string => `genaisys.draft.${pipeline}`;

/**
 * Drafts in `localStorage`: writing there is done when the call returns, so a tab that is killed a moment later loses nothing.
 * IndexedDB would promise that only once its transaction has ended.
 */
export const browserDrafts: Drafts = {
  read(pipeline) {
    try {
      const text = localStorage.getItem(keyOf(pipeline));
      const draft: unknown = text === null ? null : JSON.parse(text);
      return isDraft(draft) ? draft : null;
    } catch {
      return null;
    }
  },
  keep(pipeline, draft) {
    try {
      localStorage.setItem(keyOf(pipeline), JSON.stringify(draft));
      return true;
    } catch {
      return false;
    }
  },
  drop(pipeline) {
    try {
      localStorage.removeItem(keyOf(pipeline));
    } catch {
      // A browser that keeps nothing has nothing to drop.
    }
  },
};

function isDraft(value: unknown): value is Draft {
  if (typeof value !== 'object' || value === null) return false;
  const { revision, name, graph } = value as Partial<Draft>;
  return (
    typeof revision === 'string' &&
    typeof name === 'string' &&
    typeof graph?.nodes === 'object' &&
    Array.isArray(graph.edges)
  );
}
