import type { Graph } from '@/api/types';

/** Thrown for a file that holds no graph; `reason` is a key of the words that say so. */
export class NoGraph extends Error {
  constructor(readonly reason: 'notJson' | 'notGraph') {
    super(reason);
  }
}

/** A graph from the text of a file: the graph itself, or a pipeline with its name. The server checks the rest. */
export function readGraph(text: string, fileName: string): { name: string; graph: Graph } {
  const content = parsed(text);
  const named = isObject(content) && isObject(content.graph) ? content : { graph: content, name: undefined };
  const graph = named.graph;
  if (!isObject(graph) || !isObject(graph.nodes) || !Array.isArray(graph.edges)) throw new NoGraph('notGraph');
  const name = typeof named.name === 'string' && named.name.trim() ? named.name : fileName.replace(/\.json$/i, '');
  return { name: name.slice(0, 200), graph: graph as unknown as Graph };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new NoGraph('notJson');
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
