import { useEffect, useMemo } from 'react';

import { useInputs, usePicture, useRun, useSession } from '../session';
import { staleNodes } from './stale';

const NONE: ReadonlySet<string> = new Set();

/** Works out once for all nodes whose results no longer follow from what is on the canvas. */
export function StaleWatcher() {
  const { view } = useSession();
  const graph = useRun((watched) => watched.graph);
  const ranWith = useRun((watched) => watched.inputs);
  const finished = useRun((watched) => watched.run.finished);
  const picture = usePicture((each) => each);
  const values = useInputs((each) => each.values);
  const stale = useMemo(
    () => (graph && finished ? staleNodes({ graph, inputs: ranWith }, picture, values) : NONE),
    [graph, ranWith, finished, picture, values],
  );
  useEffect(() => view.setState({ stale }), [view, stale]);
  return null;
}
