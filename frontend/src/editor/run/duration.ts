/** Seconds as people read them: `< 0.01 s`, `0.04 s`, `1.2 s`, `2 min 5 s`. */
export function seconds(value: number, language?: string): string {
  const unit = (amount: number, name: 'second' | 'minute' | 'hour', digits = 0) =>
    new Intl.NumberFormat(language, {
      style: 'unit',
      unit: name,
      unitDisplay: 'short',
      maximumFractionDigits: digits,
    }).format(amount);
  if (value > 0 && value < 0.01) return `< ${unit(0.01, 'second', 2).replace('sec', 's')}`;
  if (value < 60) return unit(value, 'second', value < 0.1 ? 2 : value < 10 ? 1 : 0).replace('sec', 's');
  const minutes = Math.floor(value / 60);
  const rest = unit(Math.round(value % 60), 'second').replace('sec', 's');
  if (minutes < 60) return `${unit(minutes, 'minute')} ${rest}`;
  return `${unit(Math.floor(minutes / 60), 'hour')} ${unit(minutes % 60, 'minute')}`;
}
