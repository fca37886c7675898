import { createContext, useContext, useSyncExternalStore } from 'react';
import { useStore } from 'zustand';

import type { Autosave, SaveState } from './document/autosave';
import type { PipelineDocument, Picture } from './document/document';
import type { View, ViewStore } from './page/view';
import type { RunInputs, InputsStore } from './run/inputs';
import type { RunStore, WatchedRun } from './run/store';
import { kindNamed, type Catalogue } from './types/catalogue';

/** All that one open pipeline consists of. The object stays the same while the page is open; what changes lies in its stores. */
export interface Session {
  readonly pipeline: { readonly id: string; readonly workspace: string };
  readonly catalogue: Catalogue;
  readonly document: PipelineDocument;
  /** Null where the pipeline is only shown. */
  readonly autosave: Autosave | null;
  readonly runs: RunStore;
  readonly inputs: InputsStore;
  readonly view: ViewStore;
  /** Whether this person may change the pipeline, and whether they may run it. */
  readonly mayEdit: boolean;
  readonly mayRun: boolean;
}

export const SessionContext = createContext<Session | null>(null);

export function useSession(): Session {
  const session = useContext(SessionContext);
  if (!session) throw new Error('This part of the editor is drawn outside of an open pipeline.');
  return session;
}

/** Draws again only when what `select` picks is another object. */
export function usePicture<T>(select: (picture: Picture) => T): T {
  const { document } = useSession();
  return useSyncExternalStore(document.subscribe, () => select(document.picture));
}

export const useRun = <T>(select: (watched: WatchedRun) => T): T => useStore(useSession().runs, select);
export const useView = <T>(select: (view: View) => T): T => useStore(useSession().view, select);
export const useInputs = <T>(select: (inputs: RunInputs) => T): T => useStore(useSession().inputs, select);

/** What a node is called where it is spoken of: its title, else its kind's. */
export function useTitleOf(): (node: string) => string {
  const { document, catalogue } = useSession();
  return (id) => {
    const node = document.picture.nodes[id];
    return node?.title ?? kindNamed(catalogue, node?.kind ?? '')?.title ?? id;
  };
}

const SAVED: SaveState = { kind: 'saved' };

export function useSaveState(): SaveState {
  const { autosave } = useSession();
  return useSyncExternalStore(
    (listener) => autosave?.subscribe(listener) ?? (() => undefined),
    () => autosave?.state ?? SAVED,
  );
}
