import { nodeOf, type Edge, type Position } from './graph';

export interface Size {
  readonly width: number;
  readonly height: number;
}

export type Alignment = 'left' | 'centre' | 'right' | 'top' | 'middle' | 'bottom' | 'spreadAcross' | 'spreadDown';

const DEFAULT_SIZE: Size = { width: 280, height: 168 };
const COLUMN_GAP = 88;
const ROW_GAP = 40;

type Sizes = Readonly<Record<string, Size>>;

/** Columns by the longest way from a start; within a column, near what feeds them; many columns fold into rows. */
export function layeredPositions(
  ids: readonly string[],
  edges: readonly Edge[],
  sizes: Sizes,
): Record<string, Position> {
  const links = edges.map((edge): [string, string] => [nodeOf(edge.source), nodeOf(edge.target)]);
  const known = new Set(ids);
  const inside = links.filter(([from, to]) => known.has(from) && known.has(to));
  const columns = columnsOf(ids, inside);
  untangle(columns, inside);
  return placed(folded(columns, inside), (id) => sizes[id] ?? DEFAULT_SIZE);
}

function columnsOf(ids: readonly string[], links: readonly [string, string][]): string[][] {
  const rank = new Map(ids.map((id) => [id, 0]));
  // Longest path by relaxation; a circle stops growing after as many rounds as there are nodes.
  for (let round = 0, moved = true; moved && round < ids.length; round += 1) {
    moved = false;
    for (const [from, to] of links) {
      const wanted = (rank.get(from) ?? 0) + 1;
      if (from !== to && wanted < ids.length && wanted > (rank.get(to) ?? 0)) {
        rank.set(to, wanted);
        moved = true;
      }
    }
  }
  pullRight(rank, links);
  const columns: string[][] = [];
  for (const id of ids) (columns[rank.get(id) ?? 0] ??= []).push(id);
  return columns.filter(Boolean);
}

/** A start that is needed only late stands next to what needs it. */
function pullRight(rank: Map<string, number>, links: readonly [string, string][]): void {
  const fed = new Set(links.map(([, to]) => to));
  for (const [id] of rank) {
    const needs = links.filter(([from]) => from === id).map(([, to]) => rank.get(to) ?? 0);
    if (!fed.has(id) && needs.length > 0) rank.set(id, Math.max(0, Math.min(...needs) - 1));
  }
}

function untangle(columns: string[][], links: readonly [string, string][]): void {
  const row = new Map<string, number>();
  const remember = (column: string[]) => column.forEach((id, index) => row.set(id, index - (column.length - 1) / 2));
  columns.forEach(remember);
  const sweep = (column: string[], side: 0 | 1) => {
    const weight = (id: string) => {
      const near = links.filter((link) => link[1 - side] === id).map((link) => row.get(link[side] as string) ?? 0);
      return near.length === 0 ? (row.get(id) ?? 0) : near.reduce((sum, at) => sum + at, 0) / near.length;
    };
    const weights = new Map(column.map((id) => [id, weight(id)]));
    column.sort((a, b) => (weights.get(a) ?? 0) - (weights.get(b) ?? 0));
    remember(column);
  };
  for (let pass = 0; pass < 4; pass += 1) {
    columns.forEach((column) => sweep(column, 0));
    [...columns].reverse().forEach((column) => sweep(column, 1));
  }
}

/** More columns than this are folded into rows below each other, because a ribbon can't be read at any zoom. */
const MOST_COLUMNS = 6;
const BAND_GAP = 96;

/** Bands of columns. A start that is needed first in a later band opens that band. */
function folded(columns: string[][], links: readonly [string, string][]): string[][][] {
  const bands = Math.ceil(columns.length / MOST_COLUMNS);
  const across = Math.ceil(columns.length / Math.max(1, bands));
  const found: string[][][] = [];
  for (let from = 0; from < columns.length; from += across) found.push(columns.slice(from, from + across));
  const fed = new Set(links.map(([, to]) => to));
  for (let at = 0; at + 1 < found.length; at += 1) {
    const here = new Set(found[at]?.flat());
    const early = [...here].filter(
      (id) =>
        !fed.has(id) && links.some(([from]) => from === id) && !links.some(([from, to]) => from === id && here.has(to)),
    );
    if (early.length === 0) continue;
    found[at] = (found[at] ?? [])
      .map((column) => column.filter((id) => !early.includes(id)))
      .filter((column) => column.length > 0);
    found[at + 1] = [early, ...(found[at + 1] ?? [])];
  }
  return found.filter((band) => band.length > 0);
}

function placed(bands: string[][][], sizeOf: (id: string) => Size): Record<string, Position> {
  const positions: Record<string, Position> = {};
  let top = 0;
  for (const band of bands) top = placeBand(band, top, sizeOf, positions) + BAND_GAP;
  return positions;
}

/** Places columns side by side, their tops in line so that chains are straight, and returns where they end below. */
function placeBand(
  columns: string[][],
  top: number,
  sizeOf: (id: string) => Size,
  positions: Record<string, Position>,
): number {
  let x = 0;
  let end = top;
  for (const column of columns) {
    let y = top;
    for (const id of column) {
      positions[id] = [Math.round(x), Math.round(y)];
      y += sizeOf(id).height + ROW_GAP;
    }
    end = Math.max(end, y - ROW_GAP);
    x += Math.max(...column.map((id) => sizeOf(id).width)) + COLUMN_GAP;
  }
  return end;
}

type Box = Size & { at: Position };

export function alignedPositions(how: Alignment, boxes: Readonly<Record<string, Box>>): Record<string, Position> {
  const entries = Object.entries(boxes);
  if (entries.length < 2) return {};
  if (how === 'spreadAcross' || how === 'spreadDown') return spread(entries, how === 'spreadAcross' ? 0 : 1);
  const axis = how === 'left' || how === 'centre' || how === 'right' ? 0 : 1;
  const share = how === 'left' || how === 'top' ? 0 : how === 'right' || how === 'bottom' ? 1 : 0.5;
  const length = (box: Box) => (axis === 0 ? box.width : box.height);
  const low = Math.min(...entries.map(([, box]) => box.at[axis]));
  const high = Math.max(...entries.map(([, box]) => box.at[axis] + length(box)));
  const line = low + (high - low) * share;
  return Object.fromEntries(entries.map(([id, box]) => [id, moved(box.at, axis, line - length(box) * share)]));
}

function spread(entries: [string, Box][], axis: 0 | 1): Record<string, Position> {
  const length = (box: Box) => (axis === 0 ? box.width : box.height);
  const sorted = [...entries].sort(([, a], [, b]) => a.at[axis] - b.at[axis]);
  const first = sorted[0]?.[1];
  const last = sorted.at(-1)?.[1];
  if (!first || !last) return {};
  const free = last.at[axis] + length(last) - first.at[axis] - sorted.reduce((sum, [, box]) => sum + length(box), 0);
  const gap = free / (sorted.length - 1);
  let line = first.at[axis];
  return Object.fromEntries(
    sorted.map(([id, box]) => {
      const at = moved(box.at, axis, line);
      line += length(box) + gap;
      return [id, at];
    }),
  );
}

const moved = (at: Position, axis: 0 | 1, to: number): Position =>
  axis === 0 ? [Math.round(to), at[1]] : [at[0], Math.round(to)];
