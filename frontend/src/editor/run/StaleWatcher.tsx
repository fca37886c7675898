import { useEffect, useMemo } from 'react';

import type { Opened } from '../document/document';
import type { Graph } from '../document/graph';
import { useInputs, usePicture, useRun, useSession, useTrail } from '../session';
import { staleNodes } from './stale';

const NONE: ReadonlySet<string> = new Set();

/** Works out once for all nodes whose results no longer follow from what is on the canvas. */
export function StaleWatcher() {
  const { view } = useSession();
  const graph = useRun((watched) => watched.graph);
  const ranWith = useRun((watched) => watched.inputs);
  const finished = useRun((watched) => watched.run.finished);
  const picture = usePicture((each) => each);
  const trail = useTrail();
  const values = useInputs((each) => each.values);
  const stale = useMemo(() => {
    const ran = graph && finished ? graphAt(graph, trail) : undefined;
    // What a part is given comes from outside, not from the form.
    return ran ? staleNodes({ graph: ran, inputs: ranWith }, picture, trail.length === 0 ? values : {}) : NONE;
  }, [graph, ranWith, finished, picture, trail, values]);
  useEffect(() => view.setState({ stale }), [view, stale]);
  return null;
}

/** The graph of the part that the trail leads to, as it was run. */
function graphAt(graph: Graph, trail: readonly Opened[]): Graph | undefined {
  return trail.reduce<Graph | undefined>((at, { part }) => at?.parts?.[part]?.graph, graph);
}
