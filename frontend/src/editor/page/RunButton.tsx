import { ChevronDown, Play, SlidersHorizontal, Square, StepForward, Target } from 'lucide-react';
import { useTranslation } from 'react-i18next';

import { Button, IconButton, Menu } from '@/ui';
import { useRunning } from '../run/RunningContext';
import { usePlace, useRoot, useRunnable, useSession, useView } from '../session';
import styles from './page.module.css';

/** Run and its small menu; while a run is under way, Stop. `wide` is the phone's, without a menu. */
export function RunButton({ wide = false }: { wide?: boolean }) {
  const { t } = useTranslation('editor');
  const { mayRun } = useSession();
  const { start, stop, running } = useRunning();
  const empty = useRoot((picture) => Object.keys(picture.nodes).length === 0);
  if (!mayRun) return null;
  const common = { size: wide ? 'lg' : 'md', className: styles.run } as const;
  if (running) {
    return (
      <Button {...common} icon={<Square size={13} fill="currentColor" />} onClick={stop} data-testid="stop">
        {t('run.stop')}
      </Button>
    );
  }
  const play = <Play size={14} fill="currentColor" />;
  return (
    <span className={styles.runPair}>
      <Button {...common} variant="primary" icon={play} disabled={empty} onClick={() => start()} data-testid="run">
        {t('run.run')}
      </Button>
      {!wide && <RunMenu disabled={empty} />}
    </span>
  );
}

function RunMenu({ disabled }: { disabled: boolean }) {
  const { t } = useTranslation('editor');
  const { view } = useSession();
  const { start } = useRunning();
  const selected = useView((state) => state.selected);
  const place = usePlace();
  const runnable = useRunnable();
  const from = runnable && selected.length === 1 ? `${place}${selected[0]}` : undefined;
  const trigger = (
    <IconButton
      variant="primary"
      label={t('run.more')}
      disabled={disabled}
      className={styles.runMore}
      data-testid="run-menu"
    >
      <ChevronDown size={15} />
    </IconButton>
  );
  return (
    <Menu
      align="end"
      trigger={trigger}
      entries={[
        {
          label: t('run.fromHere'),
          hint: from ? undefined : t('run.fromHereHow'),
          icon: <StepForward size={14} />,
          disabled: !from,
          testId: 'run-from-here',
          onSelect: () => from && start({ from }),
        },
        {
          label: t('run.only'),
          hint: from ? undefined : t('run.fromHereHow'),
          icon: <Target size={14} />,
          disabled: !from,
          testId: 'run-only',
          onSelect: () => from && start({ only: from }),
        },
        {
          label: t('run.withInputs'),
          icon: <SlidersHorizontal size={14} />,
          testId: 'run-with-inputs',
          onSelect: () => view.setState({ drawer: true, tab: 'output' }),
        },
      ]}
    />
  );
}
