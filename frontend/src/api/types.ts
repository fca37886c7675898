/** What the server's JSON looks like; the OpenAPI document is the authority. */
import type { Finding, Graph, Json } from '@/editor/document/graph';

export type { Finding, Graph, Json };
export type { Catalogue } from '@/editor/types/catalogue';

export type Role = 'viewer' | 'runner' | 'editor' | 'owner';
export const ROLES: readonly Role[] = ['viewer', 'runner', 'editor', 'owner'];

export interface Page<T> {
  items: T[];
  next: string | null;
}

export interface User {
  id: string | number;
  name: string;
  email: string;
}

export interface Workspace {
  slug: string;
  name: string;
  role: Role;
}

export interface Me {
  user: User;
  workspaces: Workspace[];
}

export interface Member extends User {
  role: Role;
}

export interface Invitation {
  id: string | number;
  role: Role;
  link: string;
  expires: string;
}

export interface ApiKey {
  id: string | number;
  name: string;
  role: Role;
  prefix?: string;
  created?: string;
  used?: string | null;
  /** Only in the answer that made it. */
  key?: string;
}

export type RunStatus = 'queued' | 'running' | 'waiting' | 'succeeded' | 'failed' | 'cancelled';
export const isFinal = (status: RunStatus): boolean =>
  status === 'succeeded' || status === 'failed' || status === 'cancelled';

export interface RunError {
  title: string;
  detail?: string;
  hint?: string;
}

export interface RunSummary {
  id: string;
  number: number | null;
  pipeline: string | { id: string; name: string } | null;
  status: RunStatus;
  inputs: Record<string, Json>;
  outputs: Record<string, Json> | null;
  created: string;
  seconds: number | null;
  by: string | { name: string } | null;
}

export interface Step {
  node: string;
  status: 'running' | 'waiting' | 'queued' | 'succeeded' | 'failed' | 'skipped' | 'cancelled' | 'retrying' | (string & {});
  seconds: number | null;
  cached: boolean;
  attempts: number;
  error: RunError | null;
}

export interface Run {
  id: string;
  status: RunStatus;
  outputs: Record<string, Json> | null;
  steps: Step[];
  error: RunError | null;
  [more: string]: unknown;
}

export interface Pipeline {
  id: string;
  workspace: string;
  name: string;
  graph: Graph;
  revision: number;
  version: number;
  updated: string;
  updated_by: string | { name: string } | null;
  findings: Finding[];
  last_run: { id: string; status: RunStatus; created?: string } | null;
}

export interface Version {
  number: number;
  author: string | { name: string } | null;
  created: string;
  graph?: Graph;
}

export interface Collection {
  id: string;
  workspace: string;
  name: string;
  encoder: string;
  dimension: number;
  documents: number;
  passages: number;
  revision: string | number;
}

export interface StoredDocument {
  id: string;
  title: string;
  artifact: string | null;
  media: string | null;
  pages: number | null;
  passages: number;
  created: string;
}

export interface DocumentReference {
  id: string;
  title: string;
  artifact: string | null;
  media: string | null;
}

export interface Passage {
  id: string;
  text: string;
  document: DocumentReference;
  page: number | null;
  heading: string | null;
  start: number | null;
  end: number | null;
  before?: string | null;
  after?: string | null;
}

/** A hit of a collection's search. */
export interface Hit {
  passage: string | Passage;
  document: string | DocumentReference;
  page: number | null;
  score: number;
  text?: string;
  heading?: string | null;
  title?: string;
}

export interface Template {
  slug: string;
  title: string;
  description: string;
  tags: string[];
  models: string[];
  ready: boolean;
  sample: Record<string, Json>;
  graph?: Graph;
}

export interface Model {
  name: string;
  title: string;
  task: string;
  licence: string;
  source: string;
  revision?: string;
  bytes: number;
  dimension?: number | null;
  context?: number | null;
  ready?: boolean;
}

export interface Upload {
  digest: string;
  type: string;
  size: number;
}

/** A name, wherever the server gives a person either as a name or as an object with one. */
export const nameOf = (who: string | { name: string } | null | undefined): string =>
  typeof who === 'string' ? who : (who?.name ?? '');
