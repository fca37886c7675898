import { useEffect } from 'react';

import { fragmentOf, readFragment } from '../document/clipboard';
import type { Position } from '../document/graph';
import { duplicate, paste, removeNodes } from '../document/operations';
import { openAbove, openFirstPart } from '../parts/opening';
import { partFields } from '../types/parts';
import type { Session } from '../session';
import { useSession } from '../session';

export interface CanvasActions {
  quickAdd(): void;
  fit(): void;
  layout(): void;
  /** Where something pasted goes: the middle of what is seen. */
  middle(): Position;
  selectedEdges(): string[];
  run(): void;
  turnIntoPart(): void;
  unpack(): void;
}

/** The usual keys do the usual things, unless somebody is typing or a dialog is open. */
export function useKeys(actions: CanvasActions): void {
  const session = useSession();
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.defaultPrevented || busyElsewhere(event) || pressesButton(event)) return;
      const name = [
        event.metaKey || event.ctrlKey ? 'mod' : '',
        event.shiftKey && event.key.length > 1 ? 'shift' : '',
        event.key.toLowerCase(),
      ]
        .filter(Boolean)
        .join('+');
      const shifted = event.shiftKey && /^mod\+[zg]$/.test(name) ? name.replace('mod+', 'mod+shift+') : name;
      const action = keyTable(session, actions)[shifted];
      if (!action) return;
      event.preventDefault();
      action();
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, [session, actions]);
  useClipboard(session, actions);
}

function keyTable(session: Session, actions: CanvasActions): Record<string, (() => void) | undefined> {
  const { document, view, mayEdit, autosave, catalogue } = session;
  const selected = () => view.getState().selected;
  const always = {
    'mod+enter': actions.run,
    'mod+a': () => view.setState({ selected: Object.keys(document.picture.nodes) }),
    escape: () => {
      if (selected().length > 0) view.setState({ selected: [] });
      else if (document.trail.length > 0) openAbove(session, document.trail.length - 1);
    },
    enter: () => selected().length === 1 && openFirstPart(session, selected()[0] ?? ''),
    f: actions.fit,
    p: () => view.setState((state) => ({ palette: !state.palette })),
    d: () => view.setState((state) => ({ drawer: !state.drawer })),
    '?': () => view.setState({ shortcuts: true }),
  };
  if (!mayEdit) return always;
  const remove = () => removeNodes(document, selected(), actions.selectedEdges());
  return {
    ...always,
    '/': actions.quickAdd,
    l: actions.layout,
    delete: remove,
    backspace: remove,
    'mod+z': () => document.undo(),
    'mod+shift+z': () => document.redo(),
    'mod+y': () => document.redo(),
    'mod+s': () => void autosave?.flush(),
    'mod+g': actions.turnIntoPart,
    'mod+shift+g': actions.unpack,
    f2: () => selected().length === 1 && view.setState({ renaming: selected()[0] ?? null }),
    'mod+d': () =>
      selected().length > 0 &&
      view.setState({ selected: duplicate(document, fragmentOf(document.picture, selected()), partFields(catalogue)) }),
  };
}

/** Copy, cut and paste by the browser's own events: they work on every page and reach other tabs. */
function useClipboard(session: Session, actions: CanvasActions): void {
  useEffect(() => {
    const { document: pipeline, view, mayEdit, catalogue } = session;
    const copy = (event: ClipboardEvent) => {
      const { selected } = view.getState();
      if (busyElsewhere(event) || selected.length === 0 || window.getSelection()?.isCollapsed === false) return false;
      event.clipboardData?.setData('text/plain', JSON.stringify(fragmentOf(pipeline.picture, selected), null, 2));
      event.preventDefault();
      return true;
    };
    const cut = (event: ClipboardEvent) => {
      if (mayEdit && copy(event)) removeNodes(pipeline, view.getState().selected);
    };
    const put = (event: ClipboardEvent) => {
      const fragment =
        !mayEdit || busyElsewhere(event) ? null : readFragment(event.clipboardData?.getData('text/plain') ?? '');
      if (!fragment) return;
      event.preventDefault();
      view.setState({ selected: paste(pipeline, fragment, actions.middle(), partFields(catalogue)) });
    };
    window.addEventListener('copy', copy);
    window.addEventListener('cut', cut);
    window.addEventListener('paste', put);
    return () => {
      window.removeEventListener('copy', copy);
      window.removeEventListener('cut', cut);
      window.removeEventListener('paste', put);
    };
  }, [session, actions]);
}

/** Enter on a button is that button's. */
const pressesButton = (event: KeyboardEvent): boolean =>
  event.key === 'Enter' &&
  !event.metaKey &&
  !event.ctrlKey &&
  event.target instanceof Element &&
  event.target.closest('button, a, [role=button]') !== null;

function busyElsewhere(event: Event): boolean {
  const target = event.target instanceof Element ? event.target : null;
  const typing = target?.closest('input, textarea, select, [contenteditable=true]') !== null && target !== null;
  // Ctrl+Enter runs also out of a field, as in every form of chat.
  if (event instanceof KeyboardEvent && event.key === 'Enter' && (event.metaKey || event.ctrlKey)) return false;
  if (event instanceof KeyboardEvent && (event.metaKey || event.ctrlKey) && event.key === 's') return false;
  return typing || target?.closest('[role=dialog], [role=menu], [role=listbox]') != null;
}
