import { MiniMap, Panel, useReactFlow, useStore, type ReactFlowState } from '@xyflow/react';
import { Keyboard, Map, Maximize, Minus, PanelLeft, Plus, Workflow } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';

import { IconButton } from '@/ui';
import { usePicture, useSession, useView } from '../session';
import type { CanvasTools } from './Canvas';
import styles from './canvas.module.css';

const zoomOf = (state: ReactFlowState): number => Math.round(state.transform[2] * 100);
const KEY = 'genaisys.editor.map';

/** Low on the left: where one is and how near. */
export function Toolbar({ tools, editable }: { tools: CanvasTools; editable: boolean }) {
  const { t } = useTranslation('editor');
  const { view } = useSession();
  const { zoomIn, zoomOut, zoomTo } = useReactFlow();
  const zoom = useStore(zoomOf);
  const palette = useView((state) => state.palette);
  const some = usePicture((picture) => Object.keys(picture.nodes).length > 0);
  const [map, setMap] = useState(() => localStorage.getItem(KEY) !== 'off');
  const toggleMap = () => {
    localStorage.setItem(KEY, map ? 'off' : 'on');
    setMap(!map);
  };
  return (
    <>
      {map && some && (
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
      )}
      <Panel position="bottom-left" className={styles.toolbar}>
        {editable && (
          <>
            <IconButton size="sm" side="top" label={t('palette.toggle')} shortcut="p" aria-pressed={palette} onClick={() => view.setState({ palette: !palette })} data-testid="toggle-palette">
              <PanelLeft size={15} />
            </IconButton>
            <span className={styles.line} />
          </>
        )}
        <IconButton size="sm" side="top" label={t('canvas.zoomOut')} onClick={() => void zoomOut({ duration: 120 })}>
          <Minus size={15} />
        </IconButton>
        <button type="button" className={styles.zoom} aria-label={t('canvas.zoom', { zoom })} onClick={() => void zoomTo(1, { duration: 120 })}>
          {zoom} %
        </button>
        <IconButton size="sm" side="top" label={t('canvas.zoomIn')} onClick={() => void zoomIn({ duration: 120 })}>
          <Plus size={15} />
        </IconButton>
        <IconButton size="sm" side="top" label={t('canvas.fit')} shortcut="f" onClick={tools.fit} data-testid="fit-view">
          <Maximize size={14} />
        </IconButton>
        <span className={`${styles.line} ${styles.wideOnly}`} />
        {editable && (
          <IconButton size="sm" side="top" label={t('canvas.layout')} shortcut="l" onClick={tools.layout} data-testid="auto-layout">
            <Workflow size={15} />
          </IconButton>
        )}
        <IconButton size="sm" side="top" label={t('canvas.map')} aria-pressed={map} onClick={toggleMap} className={styles.wideOnly}>
          <Map size={15} />
        </IconButton>
        <IconButton size="sm" side="top" label={t('shortcuts.title')} shortcut="?" onClick={() => view.setState({ shortcuts: true })} className={styles.wideOnly}>
          <Keyboard size={15} />
        </IconButton>
      </Panel>
    </>
  );
}
