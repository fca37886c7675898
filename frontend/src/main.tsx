import '@fontsource-variable/inter/index.css';
import '@fontsource-variable/geist-mono/index.css';
import './ui/tokens.css';
import './ui/base.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { startI18n } from './i18n';
import { lookAhead } from './shell/ahead';
import { App } from './shell/App';
import { followTheme } from './ui/theme';

followTheme();
lookAhead(window.location.pathname);
await startI18n();
createRoot(document.getElementById('root') as HTMLElement).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
