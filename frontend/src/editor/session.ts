import { createContext, useContext, useSyncExternalStore } from 'react';
import { useStore } from 'zustand';

import type { Autosave, SaveState } from './document/autosave';
import type { Opened, PipelineDocument, Picture } from './document/document';
import type { GraphPicture } from './document/picture';
import type { View, ViewStore } from './page/view';
import type { StepState } from './run/events';
import type { RunInputs, InputsStore } from './run/inputs';
import { placeOf, spokenPath, wayTo } from './run/paths';
import type { RunStore, WatchedRun } from './run/store';
import type { Catalogue } from './types/catalogue';
import { titleOfNode } from './types/parts';

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
  /** Whether they may answer what a run asks, also where it is only shown. */
  readonly mayAnswer: boolean;
}

export const SessionContext = createContext<Session | null>(null);

export function useSession(): Session {
  const session = useContext(SessionContext);
  if (!session) throw new Error('This part of the editor is drawn outside of an open pipeline.');
  return session;
}

/** Of the graph that is open. Draws again only when what `select` picks is another object. */
export function usePicture<T>(select: (picture: Picture) => T): T {
  const { document } = useSession();
  return useSyncExternalStore(document.subscribe, () => select(document.picture));
}

/** Of the whole pipeline, whichever part is open. */
export function useRoot<T>(select: (picture: Picture) => T): T {
  const { document } = useSession();
  return useSyncExternalStore(document.subscribe, () => select(document.root));
}

/** The parts that are open, one in the other. */
export function useTrail(): readonly Opened[] {
  const { document } = useSession();
  return useSyncExternalStore(document.subscribe, () => document.trail);
}

export const useRun = <T>(select: (watched: WatchedRun) => T): T => useStore(useSession().runs, select);
export const useView = <T>(select: (view: View) => T): T => useStore(useSession().view, select);
export const useInputs = <T>(select: (inputs: RunInputs) => T): T => useStore(useSession().inputs, select);

/** What a step's path begins with for the nodes of the open graph: `each[3]/`, or nothing for the pipeline's own. */
export function usePlace(): string {
  const trail = useTrail();
  const chosen = useView((view) => view.items);
  return useRun(({ run }) => placeOf(trail, chosen, run.steps));
}

/** Whether the nodes of the open graph are steps that a run can begin at: in a part, once it has run. */
export function useRunnable(): boolean {
  const place = usePlace();
  return useRun(({ run }) => place === '' || Object.keys(run.steps).some((path) => path.startsWith(place)));
}

/** The same for what the checker says: `each/`. */
export const useWay = (): string => wayTo(useTrail());

/** Of the step of a node in the open graph. */
export function useStep<T>(node: string, select: (step: StepState | undefined) => T): T {
  const place = usePlace();
  return useRun(({ run }) => select(run.steps[place + node]));
}

function useTitleIn(): (graph: GraphPicture | undefined, node: string) => string {
  const { catalogue } = useSession();
  return (graph, id) => (graph ? titleOfNode(catalogue, graph, id) : id);
}

/** What a node of the open graph is called where it is spoken of: its title, else its kind's. */
export function useTitleOf(): (node: string) => string {
  const { document } = useSession();
  const titleIn = useTitleIn();
  return (id) => titleIn(document.picture, id);
}

/** What a step is called, by its path: `Each item 4 › Answer`. */
export function useStepTitle(): (path: string) => string {
  const { document, catalogue } = useSession();
  const titleIn = useTitleIn();
  return (path) => spokenPath(catalogue, document.root, path, titleIn);
}

const SAVED: SaveState = { kind: 'saved' };

export function useSaveState(): SaveState {
  const { autosave } = useSession();
  return useSyncExternalStore(
    (listener) => autosave?.subscribe(listener) ?? (() => undefined),
    () => autosave?.state ?? SAVED,
  );
}
