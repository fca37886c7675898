import { useTranslation } from 'react-i18next';
import { useMay, useWorkspace } from '@/api/queries';
import { Page } from '@/shell/Page';
import { Tabs } from '@/ui';
import { General } from './General';
import { Invitations } from './Invitations';
import { Keys } from './Keys';
import { Limits } from './Limits';
import { Members } from './Members';
import { Secrets } from './Secrets';
import styles from './Settings.module.css';

/** A workspace's name, its people, the keys that open it to scripts, its secrets and its limits. */
export default function SettingsPage({ workspace: slug }: { workspace: string }) {
  const { t } = useTranslation('pages');
  const workspace = useWorkspace(slug);
  const mayOwn = useMay(slug, 'owner');
  if (!workspace) return null;
  const tabs = [
    {
      value: 'members',
      label: t('settings.members'),
      content: (
        <div className={styles.panel}>
          <Members slug={slug} mayOwn={mayOwn} />
          {mayOwn && <Invitations slug={slug} />}
        </div>
      ),
    },
    ...(mayOwn
      ? [
          { value: 'keys', label: t('settings.keys'), content: <div className={styles.panel}><Keys slug={slug} /></div> },
          { value: 'secrets', label: t('secrets.title'), content: <div className={styles.panel}><Secrets slug={slug} /></div> },
          { value: 'limits', label: t('limits.title'), content: <div className={styles.panel}><Limits slug={slug} /></div> },
        ]
      : []),
    { value: 'general', label: t('settings.general'), content: <div className={styles.panel}><General workspace={workspace} mayOwn={mayOwn} /></div> },
  ];
  return (
    <Page title={t('settings.title')} description={workspace.name} narrow testId="settings-page">
      <Tabs tabs={tabs} label={t('settings.title')} />
    </Page>
  );
}
