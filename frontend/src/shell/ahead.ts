import { askAhead } from '@/api/queries';

export const loadEditor = () => import('@/editor/EditorPage');

/** Begins at once with what the page of this address will need, before anything is drawn. */
export function lookAhead(path: string): void {
  const editor = /^\/w\/[^/]+\/p\/[^/]+$/.test(path);
  askAhead(editor);
  if (editor) void loadEditor().catch(() => undefined);
}
