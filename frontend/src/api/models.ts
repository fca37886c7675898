/** Models beyond the list of them: servers, their prices, their form in memory. */
import { seg, useChange, useOne } from './queries';
import type { Model } from './types';

export interface Price {
  prompt: number;
  new: number;
  currency: string;
}

export interface NewServer {
  url: string;
  model: string;
  key?: string;
  task: 'text' | 'encoder';
  private: boolean;
}

/** Whether this person runs the studio, and so may add servers, change and delete models. */
export const useRunsStudio = (): boolean => useOne<{ manage: boolean }>(['models', 'manage'], '/models').data?.manage === true;

export const useAddServer = () =>
  useChange<Model, { name: string; server: NewServer }>((json) => ['/models', { method: 'POST', json }], [['models']]);
export const useChangeModel = () =>
  useChange<Model, { name: string; title?: string; quantised?: 'int8' | 'none'; price?: Price }>(
    ({ name, ...json }) => [`/models/${name.split('/').map(seg).join('/')}`, { method: 'PATCH', json }],
    [['models']],
  );
export const useDeleteModel = () =>
  useChange<null, string>((name) => [`/models/${name.split('/').map(seg).join('/')}`, { method: 'DELETE' }], [['models'], ['templates']]);
