import { useTranslation } from 'react-i18next';
import { ApiError } from '@/api/client';
import { useMay, usePipeline } from '@/api/queries';
import { Page, PageSkeleton } from '@/shell/Page';
import { ErrorState } from '@/ui';
import NotFoundPage from '../NotFoundPage';
import { Schedules } from './Schedules';
import { Webhooks } from './Webhooks';

/** What starts a pipeline by itself: the clock, and other programs. */
export default function TriggersPage({ workspace, id }: { workspace: string; id: string }) {
  const { t } = useTranslation('pages');
  const pipeline = usePipeline(id);
  const mayEdit = useMay(workspace, 'editor');
  if (pipeline.error instanceof ApiError && [404, 422].includes(pipeline.error.status)) return <NotFoundPage />;
  if (pipeline.isError) return <ErrorState error={pipeline.error} retry={() => void pipeline.refetch()} />;
  if (!pipeline.data) return <PageSkeleton />;
  return (
    <Page
      title={t('triggers.title')}
      description={t('triggers.detail', { name: pipeline.data.name })}
      parent={{ label: pipeline.data.name, href: `/w/${workspace}/p/${id}` }}
      narrow
      testId="triggers-page"
    >
      <Schedules pipeline={pipeline.data} mayEdit={mayEdit} />
      <Webhooks pipeline={pipeline.data} mayEdit={mayEdit} />
    </Page>
  );
}
