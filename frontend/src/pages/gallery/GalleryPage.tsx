import { LayoutTemplate } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useTemplates } from '@/api/queries';
import { Page } from '@/shell/Page';
import { EmptyState, ErrorState, Skeleton } from '@/ui';
import styles from './Gallery.module.css';
import { TemplateCard } from './TemplateCard';

export default function GalleryPage() {
  const { t } = useTranslation(['pages', 'common']);
  const templates = useTemplates();
  return (
    <Page title={t('gallery.title')} description={t('gallery.detail')} testId="gallery-page">
      {templates.isError ? (
        <ErrorState error={templates.error} retry={() => void templates.refetch()} />
      ) : !templates.data ? (
        <div className={styles.grid} role="status" aria-label={t('common:loading')}>
          {[0, 1, 2, 3].map((index) => (
            <Skeleton key={index} height={300} radius={10} />
          ))}
        </div>
      ) : templates.data.length === 0 ? (
        <EmptyState icon={<LayoutTemplate size={20} />} title={t('gallery.empty')}>
          {t('gallery.emptyDetail')}
        </EmptyState>
      ) : (
        <ul className={styles.grid} data-testid="templates">
          {templates.data.map((template) => (
            <TemplateCard key={template.slug} template={template} />
          ))}
        </ul>
      )}
    </Page>
  );
}
