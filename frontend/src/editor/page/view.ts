import { createStore } from 'zustand/vanilla';

import type { Finding, Position } from '../document/graph';
import type { Refusal } from '../types/compatibility';
import type { DocumentForm } from '@/values/forms';

export type DrawerTab = 'output' | 'timeline' | 'events' | 'history';

/** A wire under way: from an output (`from`) or backwards from an input (`into`). */
export interface Wiring {
  end: 'from' | 'into';
  /** `node.port` where it is held. */
  reference: string;
  type: string;
}

export interface QuickAdd {
  /** Where the box opens, in pixels of the window. */
  screen: { x: number; y: number };
  /** Where the node goes, on the canvas. */
  position: Position;
  wiring: Wiring | null;
}

export interface View {
  selected: readonly string[];
  wiring: Wiring | null;
  quickAdd: QuickAdd | null;
  /** Why a wire was refused, said for a moment. */
  refusal: Refusal | null;
  findings: readonly Finding[];
  passage: { document: DocumentForm; number: number } | null;
  /** A result opened large. */
  large: { node: string; port: string } | null;
  shortcuts: boolean;
  /** The node whose title is being written. */
  renaming: string | null;
  /** Which item of a flow node is looked at, by the node's path. */
  items: Readonly<Record<string, number>>;
  /** A value that is being changed before the run goes on with it, by the path of its step. */
  editing: { path: string; port: string } | null;
  /** Nodes whose results no longer follow from what is on the canvas. */
  stale: ReadonlySet<string>;
  /** The choice between two versions was put off. */
  later: boolean;
  palette: boolean;
  inspector: boolean;
  drawer: boolean;
  tab: DrawerTab;
}

export type ViewStore = ReturnType<typeof createViewStore>;

/** From this width on the palette stands beside the canvas without being asked for. */
const ROOMY = 1200;
const KEY = 'genaisys.editor.panels';
const REMEMBERED = ['palette', 'inspector', 'drawer', 'tab'] as const;

export function createViewStore(findings: readonly Finding[]) {
  const store = createStore<View>(() => ({
    selected: [],
    wiring: null,
    quickAdd: null,
    refusal: null,
    findings,
    passage: null,
    large: null,
    shortcuts: false,
    renaming: null,
    items: {},
    editing: null,
    stale: new Set<string>(),
    later: false,
    palette: window.innerWidth >= ROOMY,
    inspector: true,
    drawer: false,
    tab: 'output',
    ...remembered(),
  }));
  store.subscribe((now, before) => {
    if (REMEMBERED.some((key) => now[key] !== before[key])) remember(now);
  });
  return store;
}

function remembered(): Partial<View> {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) ?? '{}') as Partial<View>;
    return window.innerWidth < ROOMY ? { ...kept, palette: false } : kept;
  } catch {
    return {};
  }
}

function remember(view: View): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(Object.fromEntries(REMEMBERED.map((key) => [key, view[key]]))));
  } catch {
    // Without storage the panels stand as they do until the page is left.
  }
}
