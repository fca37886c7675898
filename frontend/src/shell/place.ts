/** Which workspace the pages outside of any (gallery, models, account) stand in: the last one that was open. */
import { useMe } from '@/api/queries';
import type { Workspace } from '@/api/types';
import { useRoute } from 'wouter';

const KEY = 'workspace';

export function rememberWorkspace(slug: string): void {
  try {
    localStorage.setItem(KEY, slug);
  } catch {
    // The first workspace will do.
  }
}

export function rememberedWorkspace(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}

/** The workspace of the address, else the last one, else the first; undefined while loading or without any. */
export function useCurrentWorkspace(): Workspace | undefined {
  const [, params] = useRoute<{ workspace: string; '*': string }>('/w/:workspace/*?');
  const workspaces = useMe().data?.workspaces ?? [];
  const wanted = params?.workspace ?? rememberedWorkspace();
  const found = workspaces.find((workspace) => workspace.slug === wanted);
  return found ?? (params?.workspace ? undefined : workspaces[0]);
}
