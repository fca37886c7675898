/** Schedules as people say them, and as cron writes them: minute, hour, day of month, month, day of week. */

export type Every = 'hour' | 'day' | 'weekday' | 'week' | 'month' | 'cron';

export interface Timing {
  every: Every;
  /** "HH:MM". */
  at: string;
  /** 1 is Monday, 7 is Sunday. */
  weekday: number;
  /** 1 to 28, which every month has. */
  day: number;
  /** As written, where nothing of the above says it. */
  cron: string;
}

export const STANDARD: Timing = { every: 'day', at: '09:00', weekday: 1, day: 1, cron: '0 9 * * *' };
export const EVERY: readonly Every[] = ['hour', 'day', 'weekday', 'week', 'month', 'cron'];

export function cronOf(timing: Timing): string {
  const [hour = 0, minute = 0] = timing.at.split(':').map(Number);
  switch (timing.every) {
    case 'hour':
      return `${minute} * * * *`;
    case 'day':
      return `${minute} ${hour} * * *`;
    case 'weekday':
      return `${minute} ${hour} * * 1-5`;
    case 'week':
      return `${minute} ${hour} * * ${timing.weekday}`;
    case 'month':
      return `${minute} ${hour} ${timing.day} * *`;
    case 'cron':
      return timing.cron.trim();
  }
}

const NUMBER = /^\d{1,2}$/;

/** The other way round; what none of the simple ways says stays cron. */
export function timingOf(cron: string): Timing {
  const own: Timing = { ...STANDARD, every: 'cron', cron };
  const [minute = '', hour = '', day = '', month = '', weekday = '', ...more] = cron.trim().split(/\s+/);
  if (more.length > 0 || month !== '*' || !NUMBER.test(minute)) return own;
  if (hour === '*' && day === '*' && weekday === '*') return { ...own, every: 'hour', at: clock('0', minute) };
  if (!NUMBER.test(hour)) return own;
  const at = clock(hour, minute);
  if (day === '*' && weekday === '*') return { ...own, every: 'day', at };
  if (day === '*' && weekday === '1-5') return { ...own, every: 'weekday', at };
  if (day === '*' && /^[0-7]$/.test(weekday)) return { ...own, every: 'week', at, weekday: Number(weekday) || 7 };
  if (NUMBER.test(day) && Number(day) <= 28 && weekday === '*') return { ...own, every: 'month', at, day: Number(day) };
  return own;
}

const clock = (hour: string, minute: string): string => `${hour.padStart(2, '0')}:${minute.padStart(2, '0')}`;

/** The zones that this browser knows, its own first. */
export function timeZones(): string[] {
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return [...new Set([own, 'UTC', ...Intl.supportedValuesOf('timeZone')])];
}
