/** The server's things as hooks. Keys are `[what, …which]`, so a change can say what it made stale. */
import { MutationCache, QueryCache, QueryClient, useInfiniteQuery, useMutation, useQuery, useQueryClient, type QueryKey } from '@tanstack/react-query';
import { api, ApiError, ask, upload, type Request } from './client';
import {
  isFinal,
  type ApiKey,
  type Catalogue,
  type Collection,
  type Graph,
  type Hit,
  type Invitation,
  type Json,
  type Me,
  type Member,
  type Model,
  type Page,
  type Passage,
  type Piece,
  type Pipeline,
  type Role,
  type Run,
  type RunSummary,
  type StoredDocument,
  type Template,
  type Upload,
  type Version,
  type Workspace,
} from './types';

/** A session that has ended is begun again on the sign-in page, which leads back here. */
function signInAgain(error: unknown): void {
  if (!(error instanceof ApiError) || error.status !== 401) return;
  const here = window.location.pathname + window.location.search;
  window.location.assign(`/sign-in?next=${encodeURIComponent(here)}`);
}

export const queryClient = new QueryClient({
  queryCache: new QueryCache({ onError: signInAgain }),
  mutationCache: new MutationCache({ onError: signInAgain }),
  defaultOptions: {
    queries: {
      staleTime: 15_000,
      // What the client did wrong stays wrong; only a silent or a broken server is asked again.
      retry: (failures, error) => failures < 2 && !(error instanceof ApiError && error.status >= 400 && error.status < 500),
    },
  },
});

export const seg = encodeURIComponent;

/** Some lists come as pages, some whole; either way these are the items. */
const itemsOf = <T,>(list: Page<T> | T[]): T[] => (Array.isArray(list) ? list : list.items);

async function everything<T>(path: string): Promise<T[]> {
  const all: T[] = [];
  const join = path.includes('?') ? '&' : '?';
  for (let cursor: string | null = ''; cursor !== null; ) {
    const page: Page<T> | T[] = await api(cursor ? `${path}${join}cursor=${seg(cursor)}` : path);
    all.push(...itemsOf(page));
    cursor = Array.isArray(page) ? null : (page.next ?? null);
  }
  return all;
}

export function useList<T>(key: QueryKey, path: string | null, options: { refetchInterval?: number | false } = {}) {
  return useQuery({ queryKey: key, queryFn: () => everything<T>(path ?? ''), enabled: path !== null, ...options });
}

export function useOne<T>(key: QueryKey, path: string | null, staleTime?: number, refetchInterval?: number) {
  return useQuery({
    queryKey: key,
    queryFn: ({ signal }) => api<T>(path ?? '', { signal }),
    enabled: path !== null,
    refetchInterval,
    ...(staleTime === undefined ? {} : { staleTime }),
  });
}

function usePaged<T>(key: QueryKey, path: string, refetchInterval?: (items: T[]) => number | false) {
  return useInfiniteQuery({
    queryKey: key,
    queryFn: ({ pageParam, signal }) =>
      api<Page<T>>(`${path}?limit=30${pageParam ? `&cursor=${seg(pageParam)}` : ''}`, { signal }),
    initialPageParam: '',
    getNextPageParam: (page) => page.next,
    refetchInterval: (query) => refetchInterval?.(query.state.data?.pages.flatMap((page) => page.items) ?? []) ?? false,
  });
}

/** A change: what is sent hangs on the variables; `stale` lists the keys it makes stale. */
export function useChange<T, V = void>(send: (variables: V) => [path: string, request: Request], stale: QueryKey[]) {
  const client = useQueryClient();
  return useMutation<T, ApiError, V>({
    mutationFn: (variables) => api<T>(...send(variables)),
    onSuccess: () => Promise.all(stale.map((queryKey) => client.invalidateQueries({ queryKey }))),
  });
}

export const useMe = () => useOne<Me>(['me'], '/me', 60_000);
export const useCatalogue = () => useOne<Catalogue>(['catalogue'], '/catalogue', Infinity);

/** Asks for what every page needs, and for the catalogue where nodes are drawn, before a page is there to ask. */
export function askAhead(catalogue: boolean): void {
  void queryClient.prefetchQuery({ queryKey: ['me'], queryFn: () => api<Me>('/me') });
  if (catalogue) void queryClient.prefetchQuery({ queryKey: ['catalogue'], queryFn: () => api<Catalogue>('/catalogue') });
}

export function useWorkspace(slug: string): Workspace | undefined {
  return useMe().data?.workspaces.find((workspace) => workspace.slug === slug);
}

const RANK: Record<Role, number> = { viewer: 0, runner: 1, editor: 2, owner: 3 };
/** Whether the caller's role in a workspace reaches `role`. */
export function useMay(slug: string, role: Role): boolean {
  const workspace = useWorkspace(slug);
  return workspace !== undefined && RANK[workspace.role] >= RANK[role];
}

// --- workspaces
export const useMembers = (slug: string) => useList<Member>(['members', slug], `/workspaces/${seg(slug)}/members`);
export const useInvitations = (slug: string, may: boolean) =>
  useList<Invitation>(['invitations', slug], may ? `/workspaces/${seg(slug)}/invitations` : null);
export const useKeys = (slug: string, may: boolean) =>
  useList<ApiKey>(['keys', slug], may ? `/workspaces/${seg(slug)}/keys` : null);

export const useCreateWorkspace = () =>
  useChange<Workspace, { name: string }>((json) => ['/workspaces', { method: 'POST', json }], [['me']]);
export const useChangeWorkspace = (slug: string) =>
  useChange<Workspace, { name: string }>((json) => [`/workspaces/${seg(slug)}`, { method: 'PATCH', json }], [['me']]);
export const useDeleteWorkspace = (slug: string) =>
  useChange<null>(() => [`/workspaces/${seg(slug)}`, { method: 'DELETE' }], [['me']]);
export const useChangeMember = (slug: string) =>
  useChange<Member, { id: Member['id']; role: Role }>(
    ({ id, role }) => [`/workspaces/${seg(slug)}/members/${id}`, { method: 'PATCH', json: { role } }],
    [['members', slug], ['me']],
  );
export const useRemoveMember = (slug: string) =>
  useChange<null, Member['id']>(
    (id) => [`/workspaces/${seg(slug)}/members/${id}`, { method: 'DELETE' }],
    [['members', slug], ['me']],
  );
export const useInvite = (slug: string) =>
  useChange<Invitation, { role: Role }>(
    (json) => [`/workspaces/${seg(slug)}/invitations`, { method: 'POST', json }],
    [['invitations', slug]],
  );
export const useWithdrawInvitation = (slug: string) =>
  useChange<null, Invitation['id']>(
    (id) => [`/workspaces/${seg(slug)}/invitations/${id}`, { method: 'DELETE' }],
    [['invitations', slug]],
  );
export const useCreateKey = (slug: string) =>
  useChange<ApiKey, { name: string; role: Role }>(
    (json) => [`/workspaces/${seg(slug)}/keys`, { method: 'POST', json }],
    [['keys', slug]],
  );
export const useLimitKey = (slug: string) =>
  useChange<ApiKey, Pick<ApiKey, 'id' | 'most_running' | 'most_queued'>>(
    ({ id, ...json }) => [`/workspaces/${seg(slug)}/keys/${id}`, { method: 'PATCH', json }],
    [['keys', slug]],
  );
export const useDeleteKey = (slug: string) =>
  useChange<null, ApiKey['id']>(
    (id) => [`/workspaces/${seg(slug)}/keys/${id}`, { method: 'DELETE' }],
    [['keys', slug]],
  );

// --- pipelines
export const usePipelines = (slug: string) => useList<Pipeline>(['pipelines', slug], `/workspaces/${seg(slug)}/pipelines`);
export const usePipeline = (id: string) => useOne<Pipeline>(['pipeline', id], `/pipelines/${seg(id)}`);
export const useVersions = (id: string) => useList<Version>(['versions', id], `/pipelines/${seg(id)}/versions`);
export const useCreatePipeline = (slug: string) =>
  useChange<Pipeline, { name: string; graph: Graph }>(
    (json) => [`/workspaces/${seg(slug)}/pipelines`, { method: 'POST', json }],
    [['pipelines', slug]],
  );
export const useDeletePipeline = (slug: string) =>
  useChange<null, string>((id) => [`/pipelines/${seg(id)}`, { method: 'DELETE' }], [['pipelines', slug]]);
/** A rename from the list: takes the newest revision first, so it never undoes another's edit. */
export function useRenamePipeline(slug: string) {
  const client = useQueryClient();
  return useMutation<Pipeline, ApiError, { id: string; name: string }>({
    mutationFn: async ({ id, name }) => {
      const { data, etag } = await ask<Pipeline>(`/pipelines/${seg(id)}`);
      const json = { name, graph: data.graph };
      return api<Pipeline>(`/pipelines/${seg(id)}`, { method: 'PUT', json, ifMatch: etag ?? data.revision });
    },
    onSuccess: () => client.invalidateQueries({ queryKey: ['pipelines', slug] }),
  });
}

// --- runs
const soon = (runs: { status: RunSummary['status'] }[]) => (runs.some((run) => !isFinal(run.status)) ? 2000 : false);
export const useRuns = (slug: string) => usePaged<RunSummary>(['runs', slug], `/workspaces/${seg(slug)}/runs`, soon);
export const usePipelineRuns = (id: string) => usePaged<RunSummary>(['runs-of', id], `/pipelines/${seg(id)}/runs`);
export const useRun = (id: string | null) =>
  useQuery({
    queryKey: ['run', id],
    queryFn: () => api<Run>(`/runs/${seg(id ?? '')}`),
    enabled: id !== null,
    refetchInterval: (query) => (query.state.data && isFinal(query.state.data.status) ? false : 1000),
  });
export interface RunRequest {
  inputs: Record<string, Json>;
  seed?: number;
  /** The node to begin at: what comes before it is taken from the last run. */
  from?: string;
  /** The node to run, with what it needs and nothing behind it. */
  only?: string;
  /** Outputs that are taken as they stand, by node and port. */
  values?: Record<string, Record<string, Json>>;
}
export const startRun = (pipeline: string, json: RunRequest, idempotencyKey?: string) =>
  api<{ id: string; status: RunSummary['status']; events: string }>(`/pipelines/${seg(pipeline)}/runs`, {
    method: 'POST',
    json,
    idempotencyKey,
  });
export const cancelRun = (id: string) => api<unknown>(`/runs/${seg(id)}/cancel`, { method: 'POST' });
/** Ends one step of a run, by its path, as failed by a person's wish. */
export const cancelStep = (id: string, node: string) =>
  api<unknown>(`/runs/${seg(id)}/steps/cancel`, { method: 'POST', json: { node } });

// --- collections
export const useCollections = (slug: string) =>
  useList<Collection>(['collections', slug], `/workspaces/${seg(slug)}/collections`);
export const useCollection = (id: number) => useOne<Collection>(['collection', id], `/collections/${id}`);
export const useDocuments = (id: number) => useList<StoredDocument>(['documents', id], `/collections/${id}/documents`);
/** The passages of a document, in order, page by page. */
export const usePassages = (document: number) => usePaged<Piece>(['passages', document], `/documents/${document}/passages`);
/** One passage with what stands around it; nothing is asked without an id. */
export const usePassage = (id: string | null | undefined) => useOne<Passage>(['passage', id], id ? `/passages/${seg(id)}` : null, Infinity);
export const useSearch = (id: number, query: string, k = 8) =>
  useQuery({
    queryKey: ['search', id, query, k],
    queryFn: ({ signal }) => api<Hit[]>(`/collections/${id}/search?q=${seg(query)}&k=${k}`, { signal }),
    enabled: query !== '',
    staleTime: 60_000,
  });
export const useCreateCollection = (slug: string) =>
  useChange<Collection, { name: string; encoder: string }>(
    (json) => [`/workspaces/${seg(slug)}/collections`, { method: 'POST', json }],
    [['collections', slug]],
  );
export const useRenameCollection = (id: number) =>
  useChange<Collection, { name: string }>(
    (json) => [`/collections/${id}`, { method: 'PATCH', json }],
    [['collection', id], ['collections'], ['pipelines']],
  );
export const useDeleteCollection = (slug: string) =>
  useChange<null, number>((id) => [`/collections/${id}`, { method: 'DELETE' }], [['collections', slug], ['pipelines', slug]]);
export const useDeleteDocument = (collection: number) =>
  useChange<null, number>(
    (id) => [`/collections/${collection}/documents/${id}`, { method: 'DELETE' }],
    [['documents', collection], ['collection', collection], ['collections'], ['search', collection]],
  );
/** Sends files into a collection; the answer is the run that reads, splits, embeds and stores them. */
export const uploadDocuments = (collection: number, files: readonly File[], onProgress?: (sent: number) => void, signal?: AbortSignal) =>
  upload<{ id: string }>(`/collections/${collection}/documents`, files, { onProgress, signal, field: 'files' });
export const uploadFile = (slug: string, file: File, onProgress?: (sent: number) => void, signal?: AbortSignal) =>
  upload<Upload>(`/workspaces/${seg(slug)}/uploads`, [file], { onProgress, signal });

// --- gallery and models
export const useTemplates = () => useList<Template>(['templates'], '/templates');
export const useTemplate = (slug: string) => useOne<Template>(['template', slug], `/templates/${seg(slug)}`);
export const useForkTemplate = (workspace: string) =>
  useChange<Pipeline & { sample: Record<string, Json> }, string>(
    (slug) => [`/templates/${seg(slug)}/fork`, { method: 'POST', json: { workspace } }],
    [['pipelines', workspace]],
  );
export const usePublish = () =>
  useChange<Template, { pipeline: string; title: string; description: string; tags: string[] }>(
    (json) => ['/templates', { method: 'POST', json }],
    [['templates']],
  );
export const useModels = () =>
  useQuery({
    queryKey: ['models'],
    queryFn: () => everything<Model>('/models'),
    refetchInterval: (query) => (query.state.data?.some((model) => model.status === 'fetching') ? 2000 : false),
  });
export const useFetchModel = () =>
  useChange<Model, string>((name) => ['/models', { method: 'POST', json: { name } }], [['models'], ['templates'], ['template']]);

// --- the person
export const useChangePassword = () =>
  useChange<null, { password: string; current?: string }>((json) => ['/me/password', { method: 'PUT', json }], [['me']]);
