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
  id: number;
  name: string;
  email: string;
}

export interface Account extends User {
  has_password: boolean;
}

export interface Workspace {
  slug: string;
  name: string;
  role: Role;
}

export interface Me {
  user: Account;
  workspaces: Workspace[];
}

export interface Member extends User {
  role: Role;
}

export interface Invitation {
  id: number;
  role: Role;
  link: string;
  expires: string;
}

export interface ApiKey {
  id: number;
  name: string;
  role: Role;
  prefix: string;
  created: string;
  used: string | null;
  most_running: number | null;
  most_queued: number | null;
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
  number: number;
  pipeline: string | null;
  status: RunStatus;
  inputs: Record<string, Json>;
  outputs: Record<string, Json> | null;
  created: string;
  seconds: number | null;
  by: string | null;
}

export interface Step {
  node: string;
  status: 'running' | 'waiting' | 'queued' | 'succeeded' | 'failed' | 'skipped' | 'cancelled' | 'retrying' | (string & {});
  seconds: number | null;
  cached: boolean;
  attempts: number;
  error: RunError | null;
}

export interface Run extends RunSummary {
  workspace: string;
  steps: Step[];
  error: RunError | null;
  graph: Graph;
  seed: number | null;
  started: string | null;
  finished: string | null;
}

export interface Pipeline {
  id: string;
  workspace: string;
  name: string;
  graph: Graph;
  revision: number;
  version: number;
  updated: string;
  updated_by: string | null;
  findings: Finding[];
  last_run: { id: string; number: number; status: RunStatus; created: string } | null;
}

export interface Version {
  number: number;
  author: string | null;
  created: string;
  graph?: Graph;
}

export interface Collection {
  id: number;
  workspace: string;
  name: string;
  encoder: string;
  dimension: number;
  documents: number;
  passages: number;
  revision: number;
  created: string;
}

export interface StoredDocument {
  id: number;
  title: string;
  artifact: string | null;
  media: string;
  pages: number | null;
  passages: number;
  created: string;
}

export type DocumentReference = Pick<StoredDocument, 'id' | 'title' | 'artifact' | 'media'>;

/** One of the passages a document was split into. */
export interface Piece {
  id: string;
  position: number;
  text: string;
  page: number | null;
  heading: string | null;
  start: number | null;
  end: number | null;
}

export interface Passage extends Piece {
  document: DocumentReference;
  before: string | null;
  after: string | null;
}

/** A passage that a search found; `score` runs from 0 to 1. */
export interface Hit {
  passage: string;
  document: Pick<StoredDocument, 'id' | 'title' | 'artifact'>;
  page: number | null;
  heading: string | null;
  start: number | null;
  end: number | null;
  text: string;
  score: number;
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
  revision: string;
  bytes: number;
  dimension: number | null;
  context: number | null;
  ready: boolean;
  status: 'ready' | 'offered' | 'fetching' | 'failed';
  error: string;
  /** A model that is a server elsewhere: what is written to it leaves this machine. */
  server: { url: string; model: string; has_key: boolean } | null;
  /** What a million tokens cost. */
  price: { prompt: number; new: number; currency: string } | null;
  quantised: string | null;
  workers: { id: string; host: string; device: string | null; loaded: boolean; memory: number | null }[];
}

export interface Upload {
  digest: string;
  type: string;
  size: number;
}
