import { ChevronDown, Play, SlidersHorizontal, Square, StepForward, Target } from 'lucide-react';
import { useTranslation } from 'react-i18next';

import { Button, IconButton, Menu } from '@/ui';
import { useRunning } from '../run/RunningContext';
import { useRoot, useSession, useStepTitle, useTrail, useView } from '../session';
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
  const trail = useTrail();
  const from = trail[0]?.node ?? (selected.length === 1 ? selected[0] : undefined);
  const name = useOuterTitle();
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
          label: name === null ? t('run.fromHere') : t('run.fromOuter', { title: name }),
          hint: from ? undefined : t('run.fromHereHow'),
          icon: <StepForward size={14} />,
          disabled: !from,
          testId: 'run-from-here',
          onSelect: () => from && start({ from }),
        },
        {
          label: name === null ? t('run.only') : t('run.onlyOuter', { title: name }),
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

/** Within a part, what the node of the pipeline's own graph is called that runs it: runs begin at such a node. */
export function useOuterTitle(): string | null {
  const [outer] = useTrail();
  const titleOf = useStepTitle();
  return outer ? titleOf(outer.node) : null;
}
