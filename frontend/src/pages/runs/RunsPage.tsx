import { useTranslation } from 'react-i18next';
import { useLocation, useSearchParams } from 'wouter';
import { useWaits } from '@/api/work';
import { Page } from '@/shell/Page';
import { Tabs } from '@/ui';
import { AllRuns } from './AllRuns';
import { Queue } from './Queue';
import styles from './Runs.module.css';
import { Waits } from './Waits';

/** What a workspace has run, what stands in its queue, and what waits for a person. */
export default function RunsPage({ workspace }: { workspace: string }) {
  const { t } = useTranslation('pages');
  const waits = useWaits(workspace).data?.length;
  const [search] = useSearchParams();
  const [location, go] = useLocation();
  const panel = (content: React.ReactNode) => <div className={styles.panel}>{content}</div>;
  const tabs = [
    { value: 'all', label: t('runs.all'), content: panel(<AllRuns workspace={workspace} />) },
    { value: 'queue', label: t('queue.title'), content: panel(<Queue workspace={workspace} />) },
    { value: 'waits', label: t('waits.title'), count: waits || undefined, content: panel(<Waits workspace={workspace} />) },
  ];
  return (
    <Page title={t('runs.title')} testId="runs-page">
      <Tabs
        tabs={tabs}
        label={t('runs.title')}
        value={tabs.find((tab) => tab.value === search.get('show'))?.value ?? 'all'}
        onChange={(value) => go(value === 'all' ? location : `${location}?show=${value}`, { replace: true })}
      />
    </Page>
  );
}
