import { afterEach, describe, expect, it, vi } from 'vitest';
import { lookAtHealth, troubleOf } from './health';

const well = { database: 'ok', broker: 'ok', workers: { runs: 1, models: 1 } };

describe('the health of the studio', () => {
  afterEach(() => vi.unstubAllGlobals());

  it('names the first part that is away', () => {
    expect(troubleOf(well)).toBeNull();
    expect(troubleOf({ ...well, workers: { runs: 1, models: 0 } })).toBe('models');
    expect(troubleOf({ ...well, workers: { runs: 0, models: 0 } })).toBe('runs');
    expect(troubleOf({ ...well, broker: 'down', workers: { runs: 1, models: 0 } })).toBe('broker');
    expect(troubleOf({ ...well, database: 'down', broker: 'down' })).toBe('database');
  });

  it('tells a server without its database from no server at all', async () => {
    vi.stubGlobal('fetch', () => Promise.resolve(new Response('{"title": "The database does not answer"}', { status: 503 })));
    expect(await lookAtHealth()).toBe('database');
    vi.stubGlobal('fetch', () => Promise.reject(new TypeError('Failed to fetch')));
    expect(await lookAtHealth()).toBe('unreachable');
  });
});
