import { createContext, useContext, useMemo, type ReactNode } from 'react';

import { useInputs, usePicture, useRun } from '../session';
import { staleNodes } from './stale';

const NONE: ReadonlySet<string> = new Set();
const StaleContext = createContext<ReadonlySet<string>>(NONE);

export const useIsStale = (node: string): boolean => useContext(StaleContext).has(node);

/** Works out once for all nodes whose results no longer follow from what is on the canvas. */
export function StaleProvider({ children }: { children: ReactNode }) {
  const graph = useRun((watched) => watched.graph);
  const ranWith = useRun((watched) => watched.inputs);
  const finished = useRun((watched) => watched.run.finished);
  const picture = usePicture((each) => each);
  const values = useInputs((each) => each.values);
  const stale = useMemo(
    () => (graph && finished ? staleNodes({ graph, inputs: ranWith }, picture, values) : NONE),
    [graph, ranWith, finished, picture, values],
  );
  return <StaleContext value={stale}>{children}</StaleContext>;
}
