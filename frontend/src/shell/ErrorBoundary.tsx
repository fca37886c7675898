import { TriangleAlert } from 'lucide-react';
import { Component, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Button, EmptyState } from '@/ui';

interface State {
  error: unknown;
}

/** Keeps an unexpected error to the part of the page it happened in, and offers a way out. */
export class ErrorBoundary extends Component<{ children: ReactNode }, State> {
  override state: State = { error: null };

  static getDerivedStateFromError(error: unknown): State {
    return { error };
  }

  override render(): ReactNode {
    return this.state.error === null ? this.props.children : <Broken error={this.state.error} />;
  }
}

/** A part of the app that is no longer on the server: it was upgraded while this page was open. */
const isOutdated = (error: unknown): boolean =>
  error instanceof Error && /dynamically imported module|importing a module|module script/i.test(error.message);

function Broken({ error }: { error: unknown }) {
  const { t } = useTranslation('common');
  const outdated = isOutdated(error);
  return (
    <div role="alert">
      <EmptyState
        level={1}
        icon={<TriangleAlert size={20} />}
        title={t(outdated ? 'error.outdated' : 'error.boundary')}
        action={
          <>
            <Button variant="primary" onClick={() => window.location.reload()}>
              {t('error.reload')}
            </Button>
            <Button asChild>
              <a href="/">{t('home')}</a>
            </Button>
          </>
        }
      >
        {t(outdated ? 'error.outdatedDetail' : 'error.boundaryDetail')}
      </EmptyState>
    </div>
  );
}
