/** What waits, what is queued, and what starts runs by itself. */
import { useQueryClient } from '@tanstack/react-query';
import { api } from './client';
import { seg, useChange, useList, useOne } from './queries';
import type { Json, RunStatus } from './types';

export interface AskField {
  name: string;
  label: string;
  type: 'text' | 'number' | 'boolean' | 'choice';
  required: boolean;
  choices?: string[];
}

/** What a person is asked; `show` is what they are to judge. */
export interface Ask {
  kind: 'approve' | 'choose' | 'form' | 'time';
  question: string;
  choices?: string[];
  fields?: AskField[];
  show?: Json;
}

export type Answer =
  | { approved: boolean; comment?: string }
  | { choice: string }
  | { fields: Record<string, string | number | boolean> };

interface PipelineName {
  id: string;
  name: string;
}

export interface Wait {
  run: string;
  number: number;
  pipeline: PipelineName | null;
  node: string;
  form: Ask;
  due: string | null;
  created: string;
}

export interface Queue {
  paused: boolean;
  most_running: number | null;
  most_queued: number | null;
  running: number;
  queued: number;
  items: QueuedRun[];
}

export interface QueuedRun {
  id: string;
  number: number;
  pipeline: PipelineName | null;
  position: number;
  priority: number;
  created: string;
  by: string | null;
  cause: 'person' | 'key' | 'schedule' | 'webhook';
}

export interface Schedule {
  id: string;
  cron: string;
  timezone: string;
  inputs: Record<string, Json>;
  enabled: boolean;
  next: string | null;
  last_run: string | null;
  problem: string;
}

export interface Webhook {
  id: string;
  url: string;
  enabled: boolean;
  created: string;
  last_used: string | null;
  /** Only in the answer that made it. */
  secret?: string;
}

export interface Secret {
  name: string;
  updated: string;
}

export const answerRun = (run: string, node: string, answer: Answer) =>
  api<{ status: RunStatus }>(`/runs/${seg(run)}/answers`, { method: 'POST', json: { node, answer } });

export const useWaits = (slug: string) =>
  useList<Wait>(['waits', slug], `/workspaces/${seg(slug)}/waits`, { refetchInterval: 10_000 });

export function useAnswer(slug: string) {
  return useChange<unknown, { run: string; node: string; answer: Answer }>(
    ({ run, node, answer }) => [`/runs/${seg(run)}/answers`, { method: 'POST', json: { node, answer } }],
    [['waits', slug], ['runs', slug]],
  );
}

// --- the queue
const queuePath = (slug: string) => `/workspaces/${seg(slug)}/queue`;
/** Asked again every two seconds: a queue that stands still on the page is none. */
export function useQueue(slug: string) {
  const client = useQueryClient();
  const queue = useOne<Queue>(['queue', slug], queuePath(slug), 0, 2000);
  return { ...queue, refresh: () => client.invalidateQueries({ queryKey: ['queue', slug] }) };
}
export const useChangeQueue = (slug: string) =>
  useChange<Queue, Partial<Pick<Queue, 'paused' | 'most_running' | 'most_queued'>>>(
    (json) => [queuePath(slug), { method: 'PATCH', json }],
    [['queue', slug]],
  );
export const useCancelQueue = (slug: string) =>
  useChange<{ cancelled: number }, { running: boolean }>(
    (json) => [`${queuePath(slug)}/cancel`, { method: 'POST', json }],
    [['queue', slug], ['runs', slug]],
  );
export const useMoveRun = (slug: string) =>
  useChange<unknown, { id: string; before?: string; priority?: number }>(
    ({ id, ...json }) => [`/runs/${seg(id)}/queue`, { method: 'PATCH', json }],
    [['queue', slug]],
  );
export const useCancelRun = (slug: string) =>
  useChange<unknown, string>(
    (id) => [`/runs/${seg(id)}/cancel`, { method: 'POST' }],
    [['queue', slug], ['runs', slug], ['waits', slug]],
  );

// --- what starts runs by itself
export const useSchedules = (pipeline: string) => useList<Schedule>(['schedules', pipeline], `/pipelines/${seg(pipeline)}/schedules`);
export const useMakeSchedule = (pipeline: string) =>
  useChange<Schedule, Pick<Schedule, 'cron' | 'timezone' | 'inputs'>>(
    (json) => [`/pipelines/${seg(pipeline)}/schedules`, { method: 'POST', json }],
    [['schedules', pipeline]],
  );
export const useChangeSchedule = (pipeline: string) =>
  useChange<Schedule, { id: string } & Partial<Pick<Schedule, 'cron' | 'timezone' | 'inputs' | 'enabled'>>>(
    ({ id, ...json }) => [`/schedules/${seg(id)}`, { method: 'PATCH', json }],
    [['schedules', pipeline]],
  );
export const useDeleteSchedule = (pipeline: string) =>
  useChange<null, string>((id) => [`/schedules/${seg(id)}`, { method: 'DELETE' }], [['schedules', pipeline]]);
/** The next times of a schedule that isn't saved yet. */
export const previewSchedule = (cron: string, timezone: string, signal?: AbortSignal) =>
  api<{ times: string[] }>('/schedules/preview', { method: 'POST', json: { cron, timezone }, signal });

export const useWebhooks = (pipeline: string) => useList<Webhook>(['webhooks', pipeline], `/pipelines/${seg(pipeline)}/webhooks`);
export const useMakeWebhook = (pipeline: string) =>
  useChange<Webhook>(() => [`/pipelines/${seg(pipeline)}/webhooks`, { method: 'POST', json: {} }], [['webhooks', pipeline]]);
export const useChangeWebhook = (pipeline: string) =>
  useChange<Webhook, { id: string; enabled: boolean }>(
    ({ id, ...json }) => [`/webhooks/${seg(id)}`, { method: 'PATCH', json }],
    [['webhooks', pipeline]],
  );
export const useDeleteWebhook = (pipeline: string) =>
  useChange<null, string>((id) => [`/webhooks/${seg(id)}`, { method: 'DELETE' }], [['webhooks', pipeline]]);

// --- secrets: names are read, values only written
const secretsPath = (slug: string) => `/workspaces/${seg(slug)}/secrets`;
export const useSecrets = (slug: string, may: boolean) => useList<Secret>(['secrets', slug], may ? secretsPath(slug) : null);
export const useKeepSecret = (slug: string) =>
  useChange<Secret, { name: string; value: string }>(
    ({ name, value }) => [`${secretsPath(slug)}/${seg(name)}`, { method: 'PUT', json: { value } }],
    [['secrets', slug]],
  );
export const useDeleteSecret = (slug: string) =>
  useChange<null, string>((name) => [`${secretsPath(slug)}/${seg(name)}`, { method: 'DELETE' }], [['secrets', slug]]);
