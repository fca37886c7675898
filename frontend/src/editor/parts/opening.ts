import type { Opened } from '../document/document';
import { itemsOn, openedAt, trailTo } from '../run/paths';
import type { Session } from '../session';
import { partsNamedBy } from '../types/parts';

/** Opens a part of the graph that is open, below it. */
export function openPart({ document, catalogue, view }: Session, { node, part }: Opened): void {
  view.setState({ selected: [], quickAdd: null });
  document.open([...document.trail, openedAt(catalogue, document.picture, node, part)]);
}

/** Goes back up to the graph that `depth` parts lead to; 0 is the pipeline's own. The node that was left is selected. */
export function openAbove({ document, view }: Session, depth: number): void {
  const left = document.trail[depth];
  document.open(document.trail.slice(0, depth));
  view.setState({ selected: left ? [left.node] : [], quickAdd: null });
}

/** Opens the first part that a node runs; false for a node that runs none. */
export function openFirstPart(session: Session, id: string): boolean {
  const { document, catalogue } = session;
  const node = document.picture.nodes[id];
  const name = node && partsNamedBy(catalogue, node).find((each) => document.picture.parts[each]);
  if (name === undefined) return false;
  openPart(session, { node: id, part: name });
  return true;
}

/** Shows the node of a step, by its path: opens the graph it stands in, at the item it belongs to. False when it is gone. */
export function showStep({ document, catalogue, view }: Session, path: string): boolean {
  const trail = trailTo(catalogue, document.root, path);
  if (!trail) return false;
  document.open(trail);
  view.setState((state) => ({
    items: { ...state.items, ...itemsOn(path) },
    selected: [path.slice(path.lastIndexOf('/') + 1)],
  }));
  return true;
}
