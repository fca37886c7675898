/** Numbers, sizes and times as a person reads them, in the page's language. */
import i18next from 'i18next';

const locale = () => (i18next.language === 'zh' ? 'zh-CN' : 'en');

export const count = (value: number): string => new Intl.NumberFormat(locale()).format(value);

/** Bytes in decimal units, as disks are sold: 93_000_000 → "93 MB". */
export function bytes(value: number): string {
  const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'];
  let at = 0;
  for (; value >= 1000 && at < units.length - 1; at += 1) value /= 1000;
  return new Intl.NumberFormat(locale(), {
    style: 'unit',
    unit: units[at],
    unitDisplay: at === 0 ? 'long' : 'short',
    maximumFractionDigits: value < 10 && at > 0 ? 1 : 0,
  }).format(value);
}

/** Seconds as "0.42 s", "12.3 s", "3 min 05 s", "2 h 04 min". */
export function duration(seconds: number): string {
  if (seconds < 60) return `${seconds.toFixed(seconds < 1 ? 2 : 1)} s`;
  const minutes = Math.floor(seconds / 60);
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0');
  if (minutes < 60) return `${minutes} min ${two(seconds % 60)} s`;
  return `${Math.floor(minutes / 60)} h ${two(minutes % 60)} min`;
}

const STEPS: [unit: Intl.RelativeTimeFormatUnit, seconds: number][] = [
  ['year', 31_536_000],
  ['month', 2_592_000],
  ['week', 604_800],
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
];

/** "3 minutes ago", from an ISO time. */
export function ago(time: string, now = Date.now()): string {
  const past = (new Date(time).getTime() - now) / 1000;
  const format = new Intl.RelativeTimeFormat(locale(), { numeric: 'auto' });
  const [unit, size] = STEPS.find(([, seconds]) => Math.abs(past) >= seconds) ?? ['second', 60];
  return unit === 'second' ? format.format(0, 'second') : format.format(Math.round(past / size), unit);
}

export const dateTime = (time: string): string =>
  new Date(time).toLocaleString(locale(), { dateStyle: 'medium', timeStyle: 'short' });
export const date = (time: string): string => new Date(time).toLocaleDateString(locale(), { dateStyle: 'medium' });
