import { MiniMap, Panel, useReactFlow, useStore, type ReactFlowState } from '@xyflow/react';
import { Keyboard, Map, Maximize, Minus, PanelLeft, Plus, Workflow } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';

import { IconButton, type IconButtonProps } from '@/ui';
import { usePicture, useSession, useView } from '../session';
import type { CanvasTools } from './tools';
import styles from './canvas.module.css';

/** Low on the left: where one is and how near. */
export function Toolbar({ tools, editable }: { tools: CanvasTools; editable: boolean }) {
  const { t } = useTranslation('editor');
  const { view } = useSession();
  const some = usePicture((picture) => Object.keys(picture.nodes).length > 0);
  const [map, toggleMap] = useMap();
  return (
    <>
      {map && some && <Overview />}
      <Panel position="bottom-left" className={styles.toolbar}>
        {editable && <PaletteToggle />}
        <Zoom onFit={tools.fit} />
        <span className={`${styles.line} ${styles.wideOnly}`} />
        {editable && (
          <Tool label={t('canvas.layout')} shortcut="l" onClick={tools.layout} data-testid="auto-layout">
            <Workflow size={15} />
          </Tool>
        )}
        <Tool label={t('canvas.map')} aria-pressed={map} onClick={toggleMap} className={styles.wideOnly}>
          <Map size={15} />
        </Tool>
        <Tool
          label={t('shortcuts.title')}
          shortcut="?"
          onClick={() => view.setState({ shortcuts: true })}
          className={styles.wideOnly}
        >
          <Keyboard size={15} />
        </Tool>
      </Panel>
    </>
  );
}

const Tool = (props: IconButtonProps) => <IconButton size="sm" side="top" {...props} />;

function PaletteToggle() {
  const { t } = useTranslation('editor');
  const { view } = useSession();
  const palette = useView((state) => state.palette);
  return (
    <>
      <Tool
        label={t('palette.toggle')}
        shortcut="p"
        aria-pressed={palette}
        onClick={() => view.setState({ palette: !palette })}
        data-testid="toggle-palette"
      >
        <PanelLeft size={15} />
      </Tool>
      <span className={styles.line} />
    </>
  );
}

const zoomOf = (state: ReactFlowState): number => Math.round(state.transform[2] * 100);
const QUICK = { duration: 120 };

function Zoom({ onFit }: { onFit: () => void }) {
  const { t } = useTranslation('editor');
  const { zoomIn, zoomOut, zoomTo } = useReactFlow();
  const zoom = useStore(zoomOf);
  return (
    <>
      <Tool label={t('canvas.zoomOut')} onClick={() => void zoomOut(QUICK)}>
        <Minus size={15} />
      </Tool>
      <button
        type="button"
        className={styles.zoom}
        aria-label={t('canvas.zoom', { zoom })}
        onClick={() => void zoomTo(1, QUICK)}
      >
        {zoom} %
      </button>
      <Tool label={t('canvas.zoomIn')} onClick={() => void zoomIn(QUICK)}>
        <Plus size={15} />
      </Tool>
      <Tool label={t('canvas.fit')} shortcut="f" onClick={onFit} data-testid="fit-view">
        <Maximize size={14} />
      </Tool>
    </>
  );
}

function Overview() {
  const { t } = useTranslation('editor');
  return (
    <MiniMap
      position="bottom-left"
      className={styles.map}
      pannable
      zoomable
      ariaLabel={t('canvas.map')}
      nodeColor="var(--border-strong)"
      nodeBorderRadius={24}
      maskColor="var(--map-mask)"
      bgColor="var(--surface)"
    />
  );
}

const KEY = 'genaisys.editor.map';

function useMap(): [shown: boolean, toggle: () => void] {
  const [map, setMap] = useState(() => localStorage.getItem(KEY) !== 'off');
  const toggle = () => {
    localStorage.setItem(KEY, map ? 'off' : 'on');
    setMap(!map);
  };
  return [map, toggle];
}
