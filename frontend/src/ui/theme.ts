import { create } from 'zustand';

export type Theme = 'light' | 'dark' | 'system';
type Shown = 'light' | 'dark';

const KEY = 'theme';
const dark = () => window.matchMedia('(prefers-color-scheme: dark)');

function remembered(): Theme {
  try {
    const value = localStorage.getItem(KEY);
    return value === 'light' || value === 'dark' ? value : 'system';
  } catch {
    return 'system';
  }
}

const shownFor = (theme: Theme): Shown => (theme === 'system' ? (dark().matches ? 'dark' : 'light') : theme);

interface ThemeState {
  /** What the person chose. */
  theme: Theme;
  /** What is on the screen. */
  shown: Shown;
  choose: (theme: Theme) => void;
}

export const useTheme = create<ThemeState>((set) => ({
  theme: remembered(),
  shown: shownFor(remembered()),
  choose: (theme) => {
    try {
      if (theme === 'system') localStorage.removeItem(KEY);
      else localStorage.setItem(KEY, theme);
    } catch {
      // Without storage the choice lasts for this page.
    }
    set({ theme, shown: shownFor(theme) });
  },
}));

/** Keeps `<html data-theme>` and the system's own setting in step with the choice. Returns the way to stop it. */
export function followTheme(): () => void {
  const paint = (shown: Shown) => {
    document.documentElement.dataset.theme = shown;
  };
  paint(useTheme.getState().shown);
  const stop = useTheme.subscribe((state) => paint(state.shown));
  const system = dark();
  const moved = () => useTheme.setState((state) => ({ shown: shownFor(state.theme) }));
  system.addEventListener('change', moved);
  return () => {
    stop();
    system.removeEventListener('change', moved);
  };
}
