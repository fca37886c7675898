import { X } from 'lucide-react';
import { useTranslation } from 'react-i18next';

import { IconButton, Tabs } from '@/ui';
import type { DrawerTab } from '../page/view';
import { useSession, useView } from '../session';
import { EventList } from './EventList';
import { InputForm } from './InputForm';
import { Outputs } from './Outputs';
import { RunHistory } from './RunHistory';
import { RunSummaryLine } from './RunSummaryLine';
import { Timeline } from './Timeline';
import styles from './run.module.css';

/** The drawer below the canvas: what goes in and comes out, when, as told by which events, and earlier runs. */
export default function RunPanel({ onShow }: { onShow: (ids: readonly string[]) => void }) {
  const { t } = useTranslation('editor');
  const { view } = useSession();
  const tab = useView((state) => state.tab);
  const names: DrawerTab[] = ['output', 'timeline', 'events', 'history'];
  const contents = {
    output: <OutputTab />,
    timeline: <Timeline onShow={onShow} />,
    events: <EventList />,
    history: <RunHistory />,
  };
  return (
    <div className={styles.panel} data-testid="run-panel">
      <Tabs
        className={styles.tabs}
        label={t('drawer.label')}
        value={tab}
        onChange={(value) => view.setState({ tab: value as DrawerTab })}
        tabs={names.map((name) => ({
          value: name,
          label: t(`drawer.${name}`),
          content: <div className={styles.tabContent}>{contents[name]}</div>,
        }))}
        aside={
          <span className={styles.aside}>
            <RunSummaryLine />
            <IconButton size="sm" label={t('drawer.close')} onClick={() => view.setState({ drawer: false })}>
              <X size={15} />
            </IconButton>
          </span>
        }
      />
    </div>
  );
}

function OutputTab() {
  const { t } = useTranslation('editor');
  const { mayRun } = useSession();
  return (
    <div className={styles.outputTab}>
      {mayRun && (
        <div className={styles.inputsSide}>
          <h3>{t('inputs.title')}</h3>
          <InputForm />
        </div>
      )}
      <div className={styles.outputsSide}>
        <Outputs />
      </div>
    </div>
  );
}
