import { describe, expect, it } from 'vitest';
import { cronOf, STANDARD, timingOf, type Timing } from './cron';

const timings: [Partial<Timing>, string][] = [
  [{ every: 'hour', at: '00:20' }, '20 * * * *'],
  [{ every: 'day', at: '09:05' }, '5 9 * * *'],
  [{ every: 'weekday', at: '18:30' }, '30 18 * * 1-5'],
  [{ every: 'week', at: '07:00', weekday: 7 }, '0 7 * * 7'],
  [{ every: 'month', at: '23:59', day: 28 }, '59 23 28 * *'],
];

describe('a schedule', () => {
  it.each(timings)('%o is written %s, and read back', (timing, cron) => {
    expect(cronOf({ ...STANDARD, ...timing })).toBe(cron);
    expect(timingOf(cron)).toMatchObject(timing);
  });

  it('that is none of the simple ones stays as it was written', () => {
    for (const cron of ['*/5 * * * *', '0 9 1,15 * *', '0 9 31 * *', '0 9 * 2 *', '0 0 * * 1,3', 'nonsense']) {
      expect(cronOf(timingOf(cron))).toBe(cron);
      expect(timingOf(cron).every).toBe('cron');
    }
  });
});
