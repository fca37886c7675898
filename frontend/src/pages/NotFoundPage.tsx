import { Compass } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import { useTitle } from '@/shell/Page';
import { Button, EmptyState } from '@/ui';

export default function NotFoundPage() {
  const { t } = useTranslation(['pages', 'common']);
  useTitle(t('notFound.title'));
  return (
    <div data-testid="not-found">
      <EmptyState
        level={1}
        icon={<Compass size={20} />}
        title={t('notFound.title')}
        action={
          <Button asChild variant="primary">
            <Link href="/">{t('common:home')}</Link>
          </Button>
        }
      >
        {t('notFound.detail')}
      </EmptyState>
    </div>
  );
}
