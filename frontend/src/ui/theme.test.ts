import { act } from '@testing-library/react';
import { beforeEach, expect, it, vi } from 'vitest';

let dark = false;
let moved: () => void = () => undefined;

/** A browser whose system is light or dark, and may change. */
async function page() {
  vi.stubGlobal('matchMedia', () => ({
    get matches() {
      return dark;
    },
    addEventListener: (_: string, listener: () => void) => (moved = listener),
    removeEventListener: () => (moved = () => undefined),
  }));
  vi.resetModules();
  const { followTheme, useTheme } = await import('./theme');
  const stop = followTheme();
  return { stop, choose: (theme: 'light' | 'dark' | 'system') => act(() => useTheme.getState().choose(theme)) };
}
const shown = () => document.documentElement.dataset.theme;

beforeEach(() => {
  dark = false;
  localStorage.clear();
});

it('shows the theme of the system, and follows it', async () => {
  await page();
  expect(shown()).toBe('light');
  dark = true;
  moved();
  expect(shown()).toBe('dark');
});

it('shows what was chosen, whatever the system does, also on the next page', async () => {
  const { choose } = await page();
  choose('dark');
  expect(shown()).toBe('dark');
  moved();
  expect(shown()).toBe('dark');
  await page();
  expect(shown()).toBe('dark');
});

it('goes back to the system', async () => {
  const { choose } = await page();
  choose('dark');
  choose('system');
  expect(shown()).toBe('light');
  expect(localStorage.getItem('theme')).toBeNull();
});

it('stops following', async () => {
  const { stop, choose } = await page();
  stop();
  choose('dark');
  expect(shown()).toBe('light');
});
