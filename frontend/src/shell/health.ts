/** Which part of the studio is away, if any. */
import { api, ApiError } from '@/api/client';

export interface Health {
  database: string;
  broker: string;
  workers: { runs: number; models: number };
}

export type Trouble = 'unreachable' | 'database' | 'broker' | 'runs' | 'models';

/** The first thing that is wrong: what lies behind it can't work either. */
export function troubleOf(health: Health): Trouble | null {
  if (health.database !== 'ok') return 'database';
  if (health.broker !== 'ok') return 'broker';
  if (health.workers.runs === 0) return 'runs';
  return health.workers.models === 0 ? 'models' : null;
}

export async function lookAtHealth(): Promise<Trouble | null> {
  try {
    return troubleOf(await api<Health>('/health'));
  } catch (error) {
    return error instanceof ApiError && error.status === 503 ? 'database' : 'unreachable';
  }
}
